/// Threads that run jobs in their order. It grows at once when every thread is busy, up to its width, and up to its limit when told;
/// above that jobs wait. A thread that had nothing to do for a while ends; `kept` stay, so that there always is one, also on a node that
/// can make no more threads.
public final class ThreadPool: Sendable {
  public typealias Job = @Sendable () -> Void

  private struct State {
    var jobs = Queue<Job>()
    var threads = 0
    var idle = 0
    var taken: UInt64 = 0
    var isClosed = false

    mutating func takeJob() -> Job? {
      guard let job = jobs.popFirst() else { return nil }
      taken += 1
      return job
    }
  }
  private enum Turn {
    case run(Job)
    case end
  }

  private let state: Monitored<State>
  private let name: String
  private let width: Int
  private let limit: Int
  private let kept: Int
  /// How long a thread waits for its next job, nanoseconds.
  private static let patience: UInt64 = 10_000_000_000

  /// - Parameters:
  ///   - name: of its threads, as tools show them; at most 15 characters.
  ///   - width: threads that are started as jobs come. With 1 jobs run one after the other.
  ///   - limit: threads that `addThread` may reach; nil: no more than `width`.
  public init(named name: String, width: Int, limit: Int? = nil, kept: Int = 1) {
    self.name = name
    self.width = width
    self.limit = limit ?? width
    self.kept = kept
    state = Monitored(State())
  }

  /// A pool that nobody holds any more runs the jobs it has, and ends its threads.
  deinit { state.broadcast { $0.isClosed = true } }

  /// Threads there are now.
  public var threads: Int { state.withLock { $0.threads } }

  /// False when the job has to wait until a thread is done: all are busy.
  @discardableResult
  public func submit(_ job: @escaping Job) -> Bool {
    var isNew = false
    var isPrompt = true
    state.signal { state in
      state.jobs.append(job)
      if state.jobs.count > state.idle {
        isNew = state.threads < width
        isPrompt = isNew
      }
      if isNew { state.threads += 1 }
      return !isNew
    }
    if isNew { start() }
    return isPrompt
  }

  /// Runs a closure on the pool; the task waits without holding a thread.
  public func run<R: Sendable, E: Error>(_ body: @escaping @Sendable () throws(E) -> R) async throws(E) -> R {
    let result: Result<R, E> = await withCheckedContinuation { continuation in
      submit { continuation.resume(returning: Result(catching: body)) }
    }
    return try result.get()
  }

  /// Jobs that wait for a thread, and how many were taken since the start.
  var backlog: (waiting: Int, taken: UInt64) { state.withLock { ($0.jobs.count, $0.taken) } }

  /// One thread more than the width asks for, below the limit.
  func addThread() {
    let isNew = state.withLock { state in
      guard state.threads < limit else { return false }
      state.threads += 1
      return true
    }
    if isNew { start() }
  }

  private func start() {
    let state = self.state
    let kept = self.kept
    do throws(SystemCallError) {
      try startThread(named: name) { Self.work(state, kept) }
    } catch {
      // No thread to be had (EAGAIN: the limit of processes): those there are take the job. Without any it could never run.
      let left = state.withLock { state in
        state.threads -= 1
        return state.threads
      }
      precondition(left > 0, "cannot start the first thread \(name): \(error)")
    }
  }

  private static func work(_ state: Monitored<State>, _ kept: Int) {
    while case .run(let job) = nextTurn(state, kept) { job() }
  }

  private static func nextTurn(_ state: Monitored<State>, _ kept: Int) -> Turn {
    var isSpare = false
    let now: Turn? = state.withLock { state in
      if let job = state.takeJob() { return .run(job) }
      state.idle += 1
      isSpare = state.threads > kept
      return nil
    }
    if let now { return now }
    var deadline: UInt64? = isSpare ? monotonicNanoseconds() + patience : nil
    while true {
      let turn: Turn? = state.wait(until: deadline) { state in
        if let job = state.takeJob() {
          state.idle -= 1
          return .run(job)
        }
        let isOver = state.threads > kept && deadline.map { $0 <= monotonicNanoseconds() } ?? false
        guard state.isClosed || isOver else { return nil }
        state.idle -= 1
        state.threads -= 1
        return .end
      }
      if let turn { return turn }
      // Others ended meanwhile: this one stays.
      deadline = nil
    }
  }
}

/// First in, first out, without moving what waits.
struct Queue<Element> {
  private var incoming: [Element] = []
  /// In reverse.
  private var outgoing: [Element] = []
  var count: Int { incoming.count + outgoing.count }

  mutating func append(_ element: Element) { incoming.append(element) }

  mutating func popFirst() -> Element? {
    if outgoing.isEmpty {
      outgoing = incoming.reversed()
      incoming.removeAll(keepingCapacity: incoming.count < 64)
    }
    return outgoing.popLast()
  }
}
