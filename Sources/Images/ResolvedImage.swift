public import OCISpec

/// An image ready to run. Its layers stay on disk as long as a copy of this value lives, whatever is removed meanwhile.
public struct ResolvedImage: Sendable {
  public let id: String
  public let repoTags: [String]
  public let repoDigests: [String]
  public let config: ImageConfig
  /// Topmost first.
  public let layers: [LayerPath]
  let lease: LayerLease
}

public struct LayerPath: Sendable, Equatable {
  /// Absolute.
  public let path: String
  /// Below `ImageService.layersDirectory`.
  public let relativePath: String
}
