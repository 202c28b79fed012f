/// What a failed step was about; its retries are counted together.
enum FailureSubject: Hashable, Sendable {
  case volumes
  case sandbox
  case container(String)
  case stop
  case tearDown
}

/// A step that failed: why, how often in a row, and when it may be tried again.
struct Failure: Equatable, Sendable {
  var reason: String
  var message: String
  var count: Int
  /// CLOCK_REALTIME nanoseconds.
  var retryAt: Int64
  /// Changes to a reason such as ImagePullBackOff while waiting.
  var waitingReason: String?
  var waitingMessage: String?

  /// 1 s doubled up to a minute: the cause is outside (a full disk, a missing path), so waiting longer helps nobody.
  static func delay(afterFailures count: Int) -> Int64 { .seconds(min(60, 1 << min(count - 1, 6))) }
  /// 10 s doubled up to five minutes. Source: kubelet image back-off.
  static func imageDelay(afterFailures count: Int) -> Int64 { .seconds(min(300, 10 << min(count - 1, 5))) }
}
