internal import KubeModel

/// Time as the kubelet sees it; tests give their own.
public struct KubeletClock: Sendable {
  /// CLOCK_REALTIME in nanoseconds: the same scale as the runtime's timestamps, so that back-off survives a restart.
  public var now: @Sendable () -> Int64
  /// Sleeps until a moment of `now`; throws `CancellationError` when the task is cancelled.
  public var sleepUntil: @Sendable (Int64) async throws -> Void

  public init(now: @escaping @Sendable () -> Int64, sleepUntil: @escaping @Sendable (Int64) async throws -> Void) {
    self.now = now
    self.sleepUntil = sleepUntil
  }

  public static let system = KubeletClock(
    now: { Time.now().sinceEpoch },
    sleepUntil: { moment in
      let wait = moment - Time.now().sinceEpoch
      if wait > 0 { try await Task.sleep(for: .nanoseconds(wait), tolerance: .zero) } else { try Task.checkCancellation() }
    })

  func sleep(_ duration: Duration) async throws {
    let (seconds, attoseconds) = duration.components
    try await sleepUntil(now() + .seconds(seconds) + attoseconds / 1_000_000_000)
  }
}

extension Time {
  /// From CLOCK_REALTIME nanoseconds.
  init(sinceEpoch nanoseconds: Int64) {
    self.init(seconds: Int(nanoseconds / 1_000_000_000), nanoseconds: Int(nanoseconds % 1_000_000_000))
  }

  var sinceEpoch: Int64 { Int64(seconds) * 1_000_000_000 + Int64(nanoseconds) }
}

extension Int64 {
  /// Whole seconds as nanoseconds.
  static func seconds(_ count: Int) -> Int64 { Int64(count) * 1_000_000_000 }
  static func seconds(_ count: Int64) -> Int64 { count * 1_000_000_000 }
}
