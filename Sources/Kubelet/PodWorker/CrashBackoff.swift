/// When a container that ended may start again: at once the first time, then 10 s after it finished, doubled for each restart up to a
/// limit, and forgotten when it ran for more than ten minutes.
/// Source: kubelet `doBackOff`, client-go `flowcontrol.Backoff`.
struct CrashBackoff: Codable, Equatable, Sendable {
  static let initial: Int64 = .seconds(10)
  static let resetAfter: Int64 = .seconds(600)

  /// Nanoseconds.
  private(set) var delay: Int64
  private(set) var updatedAt: Int64

  /// As read from a record: never in the future.
  func bounded(by now: Int64) -> CrashBackoff { CrashBackoff(delay: max(0, delay), updatedAt: min(updatedAt, now)) }

  private func hasExpired(_ finishedAt: Int64) -> Bool { finishedAt.subtracting(updatedAt) > Self.resetAfter }

  /// The moment from which a restart is allowed, or nil: now.
  static func notBefore(_ backoff: CrashBackoff?, finishedAt: Int64, now: Int64) -> Int64? {
    guard let backoff, !backoff.hasExpired(finishedAt) else { return nil }
    let at = finishedAt.adding(backoff.delay)
    return now < at ? at : nil
  }

  /// The state after a restart made now.
  /// - Parameter limit: `crashLoopBackOff.maxContainerRestartPeriod` in nanoseconds; below 10 s it is also the first delay.
  static func afterRestart(_ backoff: CrashBackoff?, finishedAt: Int64, now: Int64, limit: Int64) -> CrashBackoff {
    guard let backoff, !backoff.hasExpired(finishedAt) else { return CrashBackoff(delay: min(initial, limit), updatedAt: now) }
    return CrashBackoff(delay: min(backoff.delay.adding(backoff.delay), limit), updatedAt: now)
  }
}
