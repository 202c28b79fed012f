import Synchronization

/// What the starts of the last pods were made of; kubelet and runtime write into one of these. Always on: a step costs two readings of the
/// clock and an entry of 64 bytes under a lock that is held for nothing else.
public final class StartTraces: Sendable {
  public typealias Moment = ContinuousClock.Instant

  private struct Entry {
    var step: StartStep
    var container: String
    var from: Moment
    var to: Moment
  }
  private struct Trace {
    var namespace: String
    var name: String
    var began: Moment
    /// When the pod was shown as what it was started for.
    var shown: Moment?
    var hasSandbox = false
    var entries: [Entry] = []
  }
  private struct State {
    var traces: [String: Trace] = [:]
    /// UIDs, oldest start first.
    var order: [String] = []
  }

  private let limit: Int
  private let state = Mutex(State())

  /// Steps kept of one start: a pod of a thousand containers does not grow without end.
  static let stepLimit = 96

  /// - Parameter limit: how many pods' last starts are kept.
  public init(limit: Int = 128) { self.limit = limit }

  /// A start of this pod begins at a moment; an older one of the same pod is forgotten.
  public func begin(_ uid: String, namespace: String, name: String, at moment: Moment = .now) {
    state.withLock { begin(&$0, uid, namespace, name, moment) }
  }

  private func begin(_ state: inout State, _ uid: String, _ namespace: String, _ name: String, _ moment: Moment) {
    if state.traces[uid] != nil {
      state.order.removeAll { $0 == uid }
    } else if state.order.count >= limit {
      state.traces[state.order.removeFirst()] = nil
    }
    state.order.append(uid)
    state.traces[uid] = Trace(namespace: namespace, name: name, began: moment)
  }

  /// A sandbox is asked for: part of the start that is under way, or the beginning of one.
  public func beginSandbox(_ metadata: SandboxMetadata, at moment: Moment = .now) {
    state.withLock { state in
      let trace = state.traces[metadata.uid]
      if trace == nil || trace?.shown != nil || trace?.hasSandbox == true {
        begin(&state, metadata.uid, metadata.namespace, metadata.name, moment)
      }
      state.traces[metadata.uid]?.hasSandbox = true
    }
  }

  /// A step that ended. What began when the start was over, or is about a pod that nobody asked about, is not kept.
  public func add(_ step: StartStep, _ uid: String, container: String = "", from: Moment, to: Moment = .now) {
    state.withLock { state in
      guard let index = state.traces.index(forKey: uid), state.traces.values[index].entries.count < Self.stepLimit,
        state.traces.values[index].shown.map({ from <= $0 }) ?? true
      else { return }
      state.traces.values[index].entries.append(Entry(step: step, container: container, from: from, to: to))
    }
  }

  /// A step that began when the last one ended, or with the trace.
  public func addNext(_ step: StartStep, _ uid: String, to moment: Moment = .now) {
    state.withLock { state in
      guard let trace = state.traces[uid], trace.shown == nil, trace.entries.count < Self.stepLimit else { return }
      let from = trace.entries.map(\.to).max() ?? trace.began
      state.traces[uid]?.entries.append(Entry(step: step, container: "", from: from, to: max(from, moment)))
    }
  }

  /// Runs a step and keeps how long it took, also when it fails.
  public func measure<R, E: Error>(
    _ step: StartStep, _ uid: String, container: String = "", _ body: () async throws(E) -> R
  ) async throws(E) -> R {
    let from = Moment.now
    defer { add(step, uid, container: container, from: from) }
    return try await body()
  }

  /// The pod is shown as what it was started for; what happens to it later is no part of its start.
  public func finish(_ uid: String, at moment: Moment = .now) {
    state.withLock { state in
      if state.traces[uid]?.shown == nil { state.traces[uid]?.shown = moment }
    }
  }

  /// The traces of matching pods, oldest start first. Empty arguments match all.
  /// - Parameter wall: CLOCK_REALTIME nanoseconds of now.
  public func list(namespace: String = "", name: String = "", wall: Int64) -> [StartTrace] {
    let now = Moment.now
    return state.withLock { state in
      state.order.compactMap { uid in
        guard let trace = state.traces[uid], namespace.isEmpty || trace.namespace == namespace, name.isEmpty || trace.name == name
        else { return nil }
        return StartTrace(
          namespace: trace.namespace, name: trace.name, uid: uid,
          startedAt: wall - Int64(clamping: Self.nanoseconds(from: trace.began, to: now)), isFinished: trace.shown != nil,
          steps: Self.steps(trace))
      }
    }
  }

  private static func steps(_ trace: Trace) -> [StartTrace.Step] {
    var entries = trace.entries
    if let shown = trace.shown {
      // A pod may be shown as running before the call that started it has returned: then this took no time of its own.
      let last = entries.map(\.to).max() ?? trace.began
      entries.append(Entry(step: .shown, container: "", from: last, to: max(last, shown)))
    }
    return entries.sorted { ($0.from, $0.step.level) < ($1.from, $1.step.level) }.map { entry in
      StartTrace.Step(
        name: entry.step.rawValue, container: entry.container, level: entry.step.level,
        offsetNanoseconds: nanoseconds(from: trace.began, to: entry.from),
        durationNanoseconds: nanoseconds(from: entry.from, to: entry.to))
    }
  }

  private static func nanoseconds(from: Moment, to: Moment) -> UInt64 {
    let (seconds, attoseconds) = (to - from).components
    return UInt64(max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
  }
}

/// Steps of one call that follow each other: each begins where the one before ended.
public struct StartLaps: Sendable {
  private let traces: StartTraces
  private let uid: String
  private let container: String
  private var last = StartTraces.Moment.now

  public init(_ traces: StartTraces, _ uid: String, container: String = "") {
    self.traces = traces
    self.uid = uid
    self.container = container
  }

  public mutating func lap(_ step: StartStep) {
    let now = StartTraces.Moment.now
    traces.add(step, uid, container: container, from: last, to: now)
    last = now
  }
}
