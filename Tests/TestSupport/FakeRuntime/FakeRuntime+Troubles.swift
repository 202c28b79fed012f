import Foundation
package import RuntimeAPI
import Synchronization

/// What a real runtime does to its callers.
extension FakeRuntime {
  /// Where a call fails or waits: before it did anything, or when all is done and only the answer is missing.
  package enum Moment: Hashable, Sendable { case before, after }

  /// What becomes of events.
  package enum Delivery: Sendable {
    case atOnce
    /// Kept until `deliver`: late, or in another order.
    case held
    case lost
    case twice
  }

  package struct Troubles: Sendable {
    struct Place: Hashable {
      let call: String
      let moment: Moment
    }
    package var delivery = Delivery.atOnce
    package var held: [RuntimeEvent] = []
    /// The socket refuses connections.
    package var isDown = false
    /// Names of containers whose state the runtime does not know.
    package var unknown: Set<String> = []
    /// Names of containers that do not end by the stop signal.
    package var stubborn: Set<String> = []
    /// Calls that, held, go on though their caller gave up.
    package var deaf: Set<String> = []
    var failures: [Place: [RuntimeError]] = [:]
    var closed: Set<Place> = []
    var waiters: [Place: [UUID: CheckedContinuation<Void, Never>]] = [:]
    var stops: [String: [UUID: CheckedContinuation<Void, Never>]] = [:]

    /// Nobody waits any more for the end of a container.
    mutating func ended(_ id: String) { for waiter in (stops.removeValue(forKey: id) ?? [:]).values { waiter.resume() } }
  }

  /// The next such call fails; with `.after` its work is done and the answer is lost.
  package func failNext(_ call: String, _ error: RuntimeError, _ moment: Moment = .before) {
    state.withLock { $0.troubles.failures[Troubles.Place(call: call, moment: moment), default: []].append(error) }
  }

  /// From now on such calls wait until `release`.
  package func hold(_ call: String, _ moment: Moment = .before) {
    state.withLock { _ = $0.troubles.closed.insert(Troubles.Place(call: call, moment: moment)) }
  }

  /// How many calls wait there.
  package func waiting(_ call: String, _ moment: Moment = .before) -> Int {
    state.withLock { $0.troubles.waiters[Troubles.Place(call: call, moment: moment)]?.count ?? 0 }
  }

  package func release(_ call: String, _ moment: Moment = .before) {
    let place = Troubles.Place(call: call, moment: moment)
    let waiters = state.withLock { state in
      state.troubles.closed.remove(place)
      return state.troubles.waiters.removeValue(forKey: place) ?? [:]
    }
    for waiter in waiters.values { waiter.resume() }
  }

  /// Hands out the events that are held, in the order `arrange` gives them.
  package func deliver(_ arrange: (inout [RuntimeEvent]) -> Void = { _ in }) {
    var events = state.withLock { state in
      defer { state.troubles.held = [] }
      return state.troubles.held
    }
    arrange(&events)
    let watchers = state.withLock { $0.watchers }
    for event in events { for watcher in watchers { watcher.yield(event) } }
  }

  /// The runtime goes: streams end, calls are refused until `comeUp`. What runs goes on.
  package func goDown() {
    state.withLock { $0.troubles.isDown = true }
    dropWatchers()
  }

  package func comeUp() { state.withLock { $0.troubles.isDown = false } }

  /// Ends every stream of events.
  package func dropWatchers() {
    let watchers = state.withLock { state in
      defer { state.watchers = [] }
      return state.watchers
    }
    for watcher in watchers { watcher.finish() }
  }

  // MARK: What calls go through

  func publish(_ event: RuntimeEvent) {
    let (watchers, times) = state.withLock { state in
      switch state.troubles.delivery {
      case .atOnce: return (state.watchers, 1)
      case .twice: return (state.watchers, 2)
      case .lost: return ([], 0)
      case .held:
        state.troubles.held.append(event)
        return ([], 0)
      }
    }
    for watcher in watchers { for _ in 0..<times { watcher.yield(event) } }
  }

  func publish(_ kind: RuntimeEvent.Kind, _ id: String, in sandbox: SandboxID) {
    let now = now()
    publish(state.withLock { Self.event($0, kind, id, in: sandbox, now: now) })
  }

  /// A command: it is written down, may fail or wait before it starts and when it is done.
  func command<R: Sendable>(
    _ call: String, _ subject: String, _ body: () async throws(RuntimeError) -> R
  ) async throws(RuntimeError) -> R {
    state.withLock { $0.calls.append("\(call) \(subject)") }
    return try await query(call, body)
  }

  func query<R: Sendable>(_ call: String, _ body: () async throws(RuntimeError) -> R) async throws(RuntimeError) -> R {
    state.withLock { $0.queries[call, default: 0] += 1 }
    try await pass(Troubles.Place(call: call, moment: .before))
    let result = try await body()
    try await pass(Troubles.Place(call: call, moment: .after))
    return result
  }

  private func pass(_ place: Troubles.Place) async throws(RuntimeError) {
    state.withLock { $0.activity += 1 }
    try change { state throws(RuntimeError) in
      if state.troubles.isDown { throw RuntimeError(.unavailable, "connection refused") }
    }
    let isClosed = state.withLock { $0.troubles.closed.contains(place) }
    if isClosed { try await wait(at: place) }
    try change { state throws(RuntimeError) in
      guard let error = state.troubles.failures[place]?.first else { return }
      state.troubles.failures[place]?.removeFirst()
      throw error
    }
  }

  private func wait(at place: Troubles.Place) async throws(RuntimeError) {
    if state.withLock({ $0.troubles.deaf.contains(place.call) }) {
      // A call that hangs in the kernel: its caller may give up, it does not.
      await withCheckedContinuation { continuation in
        let isKept = state.withLock { state in
          guard state.troubles.closed.contains(place) else { return false }
          state.troubles.waiters[place, default: [:]][UUID()] = continuation
          return true
        }
        if !isKept { continuation.resume() }
      }
      return
    }
    await suspend { id, waiter in
      self.state.withLock { state in
        guard state.troubles.closed.contains(place) else { return false }
        state.troubles.waiters[place, default: [:]][id] = waiter
        return true
      }
    } cancelled: { id in
      self.state.withLock { $0.troubles.waiters[place]?.removeValue(forKey: id) }
    }
    if Task.isCancelled { throw RuntimeError(.cancelled, "the caller gave up \(place.call)") }
  }

  /// Waits until a container that ignores the stop signal has ended after all.
  func waitForEnd(of id: String) async throws(RuntimeError) {
    await suspend { waiter, continuation in
      self.state.withLock { state in
        guard state.containers[id]?.state == .running else { return false }
        state.troubles.stops[id, default: [:]][waiter] = continuation
        return true
      }
    } cancelled: { waiter in
      self.state.withLock { $0.troubles.stops[id]?.removeValue(forKey: waiter) }
    }
    if Task.isCancelled { throw RuntimeError(.cancelled, "the caller gave up the stop of \(id)") }
  }

  /// Suspends until somebody resumes what `park` kept; `park` says false when there is nothing to wait for.
  private func suspend(
    _ park: @Sendable (UUID, CheckedContinuation<Void, Never>) -> Bool,
    cancelled: @Sendable (UUID) -> CheckedContinuation<Void, Never>?
  ) async {
    let id = UUID()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if !park(id, continuation) { return continuation.resume() }
        // Cancelled before it was kept: the handler has found nothing.
        if Task.isCancelled { cancelled(id)?.resume() }
      }
    } onCancel: {
      cancelled(id)?.resume()
    }
  }
}
