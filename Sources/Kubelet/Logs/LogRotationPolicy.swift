/// When the log of a container is rotated, and what stays of it: `containerLog*` of the kubelet's configuration.
public struct LogRotationPolicy: Sendable, Equatable {
  /// Bytes from which on a log is rotated.
  public var maxSize: Int64
  /// Of one run of a container, that which is being written included; 2 and more.
  public var maxFiles: Int
  /// Logs that are rotated at a time.
  public var workers: Int
  /// From one look at logs that are being written to the next.
  public var interval: Duration

  public init(maxSize: Int64 = 10 << 20, maxFiles: Int = 5, workers: Int = 1, interval: Duration = .seconds(10)) {
    self.maxSize = maxSize
    self.maxFiles = max(2, maxFiles)
    self.workers = max(1, workers)
    self.interval = interval
  }
}
