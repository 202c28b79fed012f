/// Lines of a container's log that are lost: the disk was full, most likely. The CRI has no event for it.
public struct LogLoss: Equatable, Sendable {
  public var sandbox: SandboxMetadata
  public var container: ContainerMetadata
  public var lines: UInt64
  /// Of the write that failed, as text.
  public var reason: String

  public init(sandbox: SandboxMetadata, container: ContainerMetadata, lines: UInt64, reason: String) {
    self.sandbox = sandbox
    self.container = container
    self.lines = lines
    self.reason = reason
  }
}
