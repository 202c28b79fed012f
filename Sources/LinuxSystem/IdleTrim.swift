import Synchronization

/// Gives memory back when a burst of work is over: most of what many pods needed to come, nobody needs while they run. Work tells it that
/// it goes on; nothing wakes while there is none.
public final class IdleTrim: Sendable {
  private struct State {
    var first = ContinuousClock.Instant.now
    var last = ContinuousClock.Instant.now
    var isSet = false
  }
  private let state = Mutex(State())
  private let quiet: Duration
  private let limit: Duration
  private let trim: @Sendable () -> Void

  /// - Parameters:
  ///   - quiet: how long there was no work when the memory goes.
  ///   - limit: after which it goes although there still is some.
  ///   - trim: takes milliseconds; runs on a thread that may block.
  public init(
    quiet: Duration = .seconds(10), limit: Duration = .seconds(60), trim: @escaping @Sendable () -> Void = ProcessMemory.trim
  ) {
    (self.quiet, self.limit, self.trim) = (quiet, limit, trim)
  }

  /// Something was done that needed memory.
  public func worked() {
    let begins = state.withLock { state in
      state.last = .now
      if state.isSet { return false }
      (state.first, state.isSet) = (state.last, true)
      return true
    }
    if begins { wait(min(quiet, limit)) }
  }

  private func wait(_ pause: Duration) {
    _ = Alarm.call(after: pause) { [weak self] in self?.look() }
  }

  private func look() {
    let pause = state.withLock { state -> Duration? in
      let pause = ContinuousClock.Instant.now.duration(to: min(state.last + quiet, state.first + limit))
      if pause > .zero { return pause }
      state.isSet = false
      return nil
    }
    if let pause { return wait(pause) }
    Task { [trim] in await runBlocking { trim() } }
  }
}
