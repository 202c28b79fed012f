/// Where pods come from: a name, and what it says of them, in order.
public struct PodSourceStream: Sendable {
  public let name: String
  let news: @Sendable () -> AsyncStream<SourceNews>
  /// Whether the source moves; nil: it does not say.
  let progress: Progress?

  public init(_ name: String, progress: Progress? = nil, _ news: @escaping @Sendable () -> AsyncStream<SourceNews>) {
    self.name = name
    self.progress = progress
    self.news = news
  }
}
