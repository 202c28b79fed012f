import Synchronization

/// Sleeping that leaves nothing behind when it is cancelled: a `Task.sleep` that was cancelled keeps its place among the timers and wakes a
/// thread at its end, for nothing. Most sleeps are deadlines, and most deadlines are cancelled.
public enum Alarm {
  /// Names a call that is due later.
  public struct Ticket: Sendable { fileprivate let value: Timers.Ticket }

  /// Calls `action` on the timers' thread, which it must not block, unless it is forgotten before.
  public static func call(after duration: Duration, _ action: @escaping @Sendable () -> Void) -> Ticket {
    Ticket(value: CooperativeExecutor.shared.timers.add(after: duration.timerNanoseconds, action))
  }

  /// No effect on what was called already.
  public static func forget(_ ticket: Ticket) { CooperativeExecutor.shared.timers.remove(ticket.value) }

  /// - Throws: as soon as the task is cancelled.
  public static func sleep(for duration: Duration) async throws(CancellationError) {
    let sleeper = Sleeper(CooperativeExecutor.shared.timers)
    let isOver = await withTaskCancellationHandler {
      await withCheckedContinuation { sleeper.begin(for: duration.timerNanoseconds, $0) }
    } onCancel: {
      sleeper.cancel()
    }
    if !isOver { throw CancellationError() }
  }

  public static func sleep(until instant: ContinuousClock.Instant) async throws(CancellationError) {
    try await sleep(for: ContinuousClock.now.duration(to: instant))
  }
}

private final class Sleeper: Sendable {
  private struct State {
    var continuation: CheckedContinuation<Bool, Never>?
    var ticket: Timers.Ticket?
    var isCancelled = false
  }
  private let state = Mutex(State())
  private let timers: Timers

  init(_ timers: Timers) { self.timers = timers }

  func begin(for delay: UInt64, _ continuation: CheckedContinuation<Bool, Never>) {
    let begins = state.withLock { state in
      if state.isCancelled { return false }
      state.continuation = continuation
      state.ticket = timers.add(after: delay) { self.end(true) }
      return true
    }
    if !begins { continuation.resume(returning: false) }
  }

  func cancel() {
    let ticket = state.withLock { state in
      state.isCancelled = true
      return state.ticket
    }
    if let ticket { timers.remove(ticket) }
    end(false)
  }

  private func end(_ isOver: Bool) {
    let continuation = state.withLock { $0.continuation.take() }
    continuation?.resume(returning: isOver)
  }
}

extension Duration {
  /// Clamped to what a timer counts, and rounded up: a sleep never ends before its time.
  var timerNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    if seconds < 0 || attoseconds < 0 { return 0 }
    let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product.addingReportingOverflow(UInt64(attoseconds + 999_999_999) / 1_000_000_000).partialValue
  }
}
