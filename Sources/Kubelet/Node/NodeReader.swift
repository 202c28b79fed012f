/// How the facts of a node are read. All of it blocks.
public struct NodeReader: Sendable {
  /// Addresses and capacity, and what follows from them. What cannot be read stays as it was.
  public var host: @Sendable (inout NodeFacts) -> Void
  /// resolv.conf and /etc/hosts.
  public var files: @Sendable (inout NodeFacts) -> Void
  /// Yields when `host` may have something new to say; nil: nobody tells.
  public var changes: @Sendable () -> AsyncStream<Void>?

  public init(
    host: @escaping @Sendable (inout NodeFacts) -> Void = { _ in }, files: @escaping @Sendable (inout NodeFacts) -> Void = { _ in },
    changes: @escaping @Sendable () -> AsyncStream<Void>? = { nil }
  ) {
    self.host = host
    self.files = files
    self.changes = changes
  }
}
