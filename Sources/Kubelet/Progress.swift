internal import Synchronization

/// Whether a part of the kubelet moves: it says what it has to do and what it did. A part without work is not stuck, however long.
public final class Progress: Sendable {
  private struct State {
    var waiting = 0
    /// When it last did something, or got work after it had none.
    var since = ContinuousClock.now
  }
  public let name: String
  private let state = Mutex(State())

  public init(_ name: String) { self.name = name }

  func began(_ now: ContinuousClock.Instant = .now) {
    state.withLock { state in
      if state.waiting == 0 { state.since = now }
      state.waiting += 1
    }
  }

  func ended(_ now: ContinuousClock.Instant = .now) {
    state.withLock { state in
      state.waiting = max(0, state.waiting - 1)
      state.since = now
    }
  }

  /// - Returns: what has not moved for longer than `limit`, in words; nil: all is well.
  func fault(_ limit: Duration, now: ContinuousClock.Instant = .now) -> String? {
    let (waiting, since) = state.withLock { ($0.waiting, $0.since) }
    guard waiting > 0, since.duration(to: now) > limit else { return nil }
    return "\(name) has not moved for \(since.duration(to: now).components.seconds) s (\(waiting) waiting)"
  }
}
