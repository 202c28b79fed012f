internal import KubeModel

/// Time as the kubelet sees it; tests give their own.
public struct KubeletClock: Sendable {
  /// CLOCK_REALTIME in nanoseconds: the same scale as the runtime's timestamps, so that back-off survives a restart.
  public var now: @Sendable () -> Int64
  /// Throws `CancellationError` when the task is cancelled.
  public var sleep: @Sendable (Duration) async throws -> Void

  public init(now: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (Duration) async throws -> Void) {
    self.now = now
    self.sleep = sleep
  }

  public static let system = KubeletClock(
    now: { Time.now().sinceEpoch }, sleep: { try await Task.sleep(for: $0, tolerance: .zero) })
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
