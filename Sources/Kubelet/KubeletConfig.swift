/// What a kubelet is composed of.
public struct KubeletConfig: Sendable {
  /// e.g. /var/lib/swiftlet.
  public var rootDirectory: String
  public var podLogsDirectory: String
  public var node: NodeFacts
  /// Reads the node again when it changes.
  public var nodeReader = NodeReader()
  public var maxPods: Int
  /// `crashLoopBackOff.maxContainerRestartPeriod`.
  public var maxContainerRestartPeriod: Duration
  /// nil: the logs of containers grow.
  public var logRotation: LogRotationPolicy?

  public init(
    rootDirectory: String, podLogsDirectory: String = "/var/log/pods", node: NodeFacts, nodeReader: NodeReader = NodeReader(),
    maxPods: Int = 110, maxContainerRestartPeriod: Duration = .seconds(300), logRotation: LogRotationPolicy? = nil
  ) {
    self.rootDirectory = rootDirectory
    self.podLogsDirectory = podLogsDirectory
    self.node = node
    self.nodeReader = nodeReader
    self.maxPods = maxPods
    self.maxContainerRestartPeriod = maxContainerRestartPeriod
    self.logRotation = logRotation
  }
}
