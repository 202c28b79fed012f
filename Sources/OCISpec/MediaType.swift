/// Media types of images: OCI's, and Docker's image manifest version 2 schema 2, which means the same.
/// Source: image-spec media-types.md.
public struct MediaType: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
  public var rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public init(_ text: String) { rawValue = text }
  public init(from decoder: any Decoder) throws { rawValue = try decoder.singleValueContainer().decode(String.self) }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
  public var description: String { rawValue }

  public static let ociIndex = MediaType("application/vnd.oci.image.index.v1+json")
  public static let ociManifest = MediaType("application/vnd.oci.image.manifest.v1+json")
  public static let ociConfig = MediaType("application/vnd.oci.image.config.v1+json")
  public static let ociLayer = MediaType("application/vnd.oci.image.layer.v1.tar")
  public static let ociLayerGzip = MediaType("application/vnd.oci.image.layer.v1.tar+gzip")
  public static let ociLayerZstd = MediaType("application/vnd.oci.image.layer.v1.tar+zstd")
  public static let ociNondistributableLayer = MediaType("application/vnd.oci.image.layer.nondistributable.v1.tar")
  public static let ociNondistributableLayerGzip = MediaType("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
  public static let ociNondistributableLayerZstd = MediaType("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd")
  public static let dockerIndex = MediaType("application/vnd.docker.distribution.manifest.list.v2+json")
  public static let dockerManifest = MediaType("application/vnd.docker.distribution.manifest.v2+json")
  public static let dockerConfig = MediaType("application/vnd.docker.container.image.v1+json")
  public static let dockerLayer = MediaType("application/vnd.docker.image.rootfs.diff.tar")
  public static let dockerLayerGzip = MediaType("application/vnd.docker.image.rootfs.diff.tar.gzip")
  public static let dockerForeignLayerGzip = MediaType("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")

  public var isIndex: Bool { self == .ociIndex || self == .dockerIndex }
  public var isManifest: Bool { self == .ociManifest || self == .dockerManifest }
  public var isConfig: Bool { self == .ociConfig || self == .dockerConfig }
  public var isLayer: Bool { layerCompression != nil }

  /// A layer that registries do not keep: its bytes are somewhere else.
  public var isForeignLayer: Bool {
    [.ociNondistributableLayer, .ociNondistributableLayerGzip, .ociNondistributableLayerZstd, .dockerForeignLayerGzip].contains(
      self)
  }

  public enum Compression: Sendable { case none, gzip, zstd }
  /// How a layer of this type is compressed; nil when the type is not a layer's.
  public var layerCompression: Compression? {
    switch self {
    case .ociLayer, .ociNondistributableLayer, .dockerLayer: .some(.none)
    case .ociLayerGzip, .ociNondistributableLayerGzip, .dockerLayerGzip, .dockerForeignLayerGzip: .gzip
    case .ociLayerZstd, .ociNondistributableLayerZstd: .zstd
    default: nil
    }
  }
}
