/// One image for one platform. Source: image-spec manifest.md; Docker's schema 2 manifest has the same fields.
public struct ImageManifest: Codable, Equatable, Sendable {
  public var schemaVersion: Int
  public var mediaType: MediaType?
  public var artifactType: String?
  public var config: Descriptor
  /// Base layer first.
  public var layers: [Descriptor]
  public var subject: Descriptor?
  public var annotations: [String: String]?

  public init(
    schemaVersion: Int = 2, mediaType: MediaType? = .ociManifest, artifactType: String? = nil, config: Descriptor,
    layers: [Descriptor], subject: Descriptor? = nil, annotations: [String: String]? = nil
  ) {
    self.schemaVersion = schemaVersion
    self.mediaType = mediaType
    self.artifactType = artifactType
    self.config = config
    self.layers = layers
    self.subject = subject
    self.annotations = annotations
  }
}

/// A list of manifests, one for each platform; also `index.json` of an image layout. Source: image-spec image-index.md.
public struct ImageIndex: Codable, Equatable, Sendable {
  public var schemaVersion: Int
  public var mediaType: MediaType?
  public var artifactType: String?
  public var manifests: [Descriptor]
  public var subject: Descriptor?
  public var annotations: [String: String]?

  public init(
    schemaVersion: Int = 2, mediaType: MediaType? = .ociIndex, artifactType: String? = nil, manifests: [Descriptor],
    subject: Descriptor? = nil, annotations: [String: String]? = nil
  ) {
    self.schemaVersion = schemaVersion
    self.mediaType = mediaType
    self.artifactType = artifactType
    self.manifests = manifests
    self.subject = subject
    self.annotations = annotations
  }
}

/// The file `oci-layout`. Source: image-spec image-layout.md.
public struct ImageLayout: Codable, Equatable, Sendable {
  public var imageLayoutVersion: String
  public init(imageLayoutVersion: String = "1.0.0") { self.imageLayoutVersion = imageLayoutVersion }
}

/// Annotation keys that tools agree on. Source: image-spec annotations.md; containerd for `imageName`.
public enum ImageAnnotation {
  public static let referenceName = "org.opencontainers.image.ref.name"
  public static let imageName = "io.containerd.image.name"
  public static let created = "org.opencontainers.image.created"
}

/// One entry of `manifest.json` in an archive written by `docker save`.
public struct DockerArchiveManifest: Codable, Equatable, Sendable {
  public var config: String
  public var repoTags: [String]?
  /// Paths in the archive, base layer first.
  public var layers: [String]

  public init(config: String, repoTags: [String]? = nil, layers: [String]) {
    self.config = config
    self.repoTags = repoTags
    self.layers = layers
  }

  enum CodingKeys: String, CodingKey {
    case config = "Config"
    case repoTags = "RepoTags"
    case layers = "Layers"
  }
}
