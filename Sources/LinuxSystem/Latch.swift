import Synchronization

/// Something that happens once; any number of tasks may wait for it.
public final class Latch: Sendable {
  private struct Waiter {
    var continuation: CheckedContinuation<Bool, Never>
    var limit: Alarm.Ticket?
  }
  private struct State {
    var open = false
    var next = 0
    var waiting: [Int: Waiter] = [:]
  }
  private let state = Mutex(State())

  public init(open: Bool = false) { if open { self.open() } }

  public var isOpen: Bool { state.withLock { $0.open } }

  /// Opens the latch; no effect on a second call.
  public func open() {
    let waiting = state.withLock { state in
      state.open = true
      defer { state.waiting = [:] }
      return state.waiting.values.map { $0 }
    }
    for waiter in waiting { Self.end(waiter, true) }
  }

  /// Waits until the latch opens, `timeout` is over, or the task is cancelled; true when it is open.
  @discardableResult
  public func wait(atMost timeout: Duration? = nil) async -> Bool {
    if isOpen { return true }
    let key = state.withLock { state in
      state.next += 1
      return state.next
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          if state.open { return true }
          if Task.isCancelled { return false }
          let limit = timeout.map { Alarm.call(after: $0) { self.giveUp(key) } }
          state.waiting[key] = Waiter(continuation: continuation, limit: limit)
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      giveUp(key)
    }
  }

  private func giveUp(_ key: Int) {
    if let waiter = state.withLock({ $0.waiting.removeValue(forKey: key) }) { Self.end(waiter, false) }
  }

  private static func end(_ waiter: Waiter, _ answer: Bool) {
    if let limit = waiter.limit { Alarm.forget(limit) }
    waiter.continuation.resume(returning: answer)
  }
}
