/// Where pods come from: a name, and all its pods each time they change.
public struct PodSourceStream: Sendable {
  public let name: String
  public let snapshots: @Sendable () -> AsyncStream<SourceSnapshot>
  /// Whether the source moves; nil: it does not say.
  let progress: Progress?

  public init(_ name: String, progress: Progress? = nil, _ snapshots: @escaping @Sendable () -> AsyncStream<SourceSnapshot>) {
    self.name = name
    self.progress = progress
    self.snapshots = snapshots
  }
}
