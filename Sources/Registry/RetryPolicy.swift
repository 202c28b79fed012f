internal import LinuxSystem

/// When what failed is tried again: 0.5 s, doubled, a fifth more or less, so that many nodes do not come back at once.
struct RetryPolicy: Sendable {
  /// Attempts in a row without a byte of progress.
  var attempts = 5
  var first: Duration = .milliseconds(500)
  var longest: Duration = .seconds(10)
  /// A registry that asks for more patience than this is left to the kubelet's back-off.
  var longestRequested = 30

  /// - Parameter failures: in a row, this one included.
  /// - Returns: nil when it is enough.
  func delay(after failures: Int, _ error: RegistryError) -> Duration? {
    guard error.code == .unavailable, failures < attempts else { return nil }
    if let wanted = error.retryAfter {
      guard wanted <= longestRequested else { return nil }
      return .seconds(wanted)
    }
    let delay = min(longest, first * (1 << min(failures - 1, 10)))
    return delay * Double.random(in: 0.8...1.2)
  }

  /// Waits, then true; false when it is enough.
  func wait(after failures: Int, _ error: RegistryError) async throws(RegistryError) -> Bool {
    guard let delay = delay(after: failures, error) else { return false }
    do throws(CancellationError) { try await Alarm.sleep(for: delay) } catch { throw RegistryError(.cancelled, "cancelled") }
    return true
  }
}
