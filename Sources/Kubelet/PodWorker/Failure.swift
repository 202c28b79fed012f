internal import RuntimeAPI

/// What a failed step was about; its retries are counted together.
enum FailureSubject: Hashable, Sendable {
  case volumes
  case refresh
  case resize
  case sandbox
  case container(String)
  case image(String)
  case hook(ContainerID)
  case kill(ContainerID)
  case stop
  case tearDown
}

/// A step that failed: why, how often in a row, and when it may be tried again.
struct Failure: Equatable, Sendable {
  var reason: String
  var message: String
  var count: Int
  /// Moments of `KubeletClock.now`.
  var retryAt: Int64
  var failedAt: Int64 = 0
  /// Changes to a reason such as ImagePullBackOff while waiting.
  var waitingReason: String?
  var waitingMessage: String?
  /// Readers see the reason itself for a moment before the waiting. Source: kubelet, whose next sync shows the back-off.
  var waitsFrom: Int64 { failedAt.adding(.seconds(1)) }

  func shown(now: Int64) -> (reason: String, message: String) {
    guard let waitingReason, now >= waitsFrom else { return (reason, message) }
    return (waitingReason, waitingMessage ?? message)
  }

  /// 1 s doubled up to a minute: the cause is outside (a full disk, a missing path), so waiting longer helps nobody.
  static func delay(afterFailures count: Int) -> Int64 { .seconds(min(60, 1 << min(count - 1, 6))) }
  /// 10 s doubled up to five minutes. Source: kubelet image back-off.
  static func imageDelay(afterFailures count: Int) -> Int64 { .seconds(min(300, 10 << min(count - 1, 5))) }
}
