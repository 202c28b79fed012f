/// Threads for calls that block. It grows at once when every thread is busy, up to a bound; above it jobs wait in order. A thread that had
/// nothing to do for a while ends; one stays, so that there always is one, also on a node that can make no more threads.
public final class ThreadPool: Sendable {
  public typealias Job = @Sendable () -> Void

  private struct State {
    var jobs = Queue<Job>()
    var threads = 0
    var idle = 0
    var isClosed = false
  }
  private enum Turn {
    case run(Job)
    case end
  }

  private let state: Monitored<State>
  private let name: String
  private let limit: Int
  /// How long a thread waits for its next job, nanoseconds.
  private static let patience: UInt64 = 10_000_000_000

  /// - Parameters:
  ///   - name: of its threads, as tools show them; at most 15 characters.
  ///   - limit: threads at most; with 1 the jobs run one after the other, in order.
  public init(named name: String, limit: Int) {
    self.name = name
    self.limit = limit
    state = Monitored(State())
  }

  /// A pool that nobody holds any more runs the jobs it has, and ends its threads.
  deinit { state.broadcast { $0.isClosed = true } }

  /// Threads there are now.
  public var threads: Int { state.withLock { $0.threads } }

  public func submit(_ job: @escaping Job) {
    var isNew = false
    state.signal { state in
      state.jobs.append(job)
      isNew = state.jobs.count > state.idle && state.threads < limit
      if isNew { state.threads += 1 }
      return !isNew
    }
    if isNew { start() }
  }

  /// Runs a closure on the pool; the task waits without holding a thread.
  public func run<R: Sendable, E: Error>(_ body: @escaping @Sendable () throws(E) -> R) async throws(E) -> R {
    let result: Result<R, E> = await withCheckedContinuation { continuation in
      submit { continuation.resume(returning: Result(catching: body)) }
    }
    return try result.get()
  }

  private func start() {
    let state = self.state
    do throws(SystemCallError) {
      try startThread(named: name) { Self.work(state) }
    } catch {
      // No thread to be had (EAGAIN: the limit of processes): those there are take the job. Without any it could never run.
      let left = state.withLock { state in
        state.threads -= 1
        return state.threads
      }
      precondition(left > 0, "cannot start the first thread \(name): \(error)")
    }
  }

  private static func work(_ state: Monitored<State>) {
    while case .run(let job) = nextTurn(state) { job() }
  }

  private static func nextTurn(_ state: Monitored<State>) -> Turn {
    var deadline: UInt64? = monotonicNanoseconds() + patience
    var isCounted = false
    while true {
      let turn: Turn? = state.wait(until: deadline) { state in
        if let job = state.jobs.popFirst() {
          if isCounted { state.idle -= 1 }
          return .run(job)
        }
        if !isCounted { state.idle += 1 }
        isCounted = true
        let isPatient = deadline.map { monotonicNanoseconds() < $0 } ?? true
        if !state.isClosed, isPatient || state.threads == 1 { return nil }
        state.threads -= 1
        state.idle -= 1
        return .end
      }
      if let turn { return turn }
      // The last one: it waits for good.
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
  var isEmpty: Bool { incoming.isEmpty && outgoing.isEmpty }

  mutating func append(_ element: Element) { incoming.append(element) }

  mutating func popFirst() -> Element? {
    if outgoing.isEmpty {
      outgoing = incoming.reversed()
      incoming.removeAll(keepingCapacity: incoming.count < 64)
    }
    return outgoing.popLast()
  }
}
