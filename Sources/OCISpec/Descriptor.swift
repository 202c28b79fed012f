/// A reference to content by digest. Source: image-spec descriptor.md.
public struct Descriptor: Codable, Equatable, Sendable {
  public var mediaType: MediaType
  /// `sha256:<hex>`.
  public var digest: String
  /// Bytes.
  public var size: Int64
  public var urls: [String]?
  public var annotations: [String: String]?
  public var platform: Platform?
  public var artifactType: String?

  public init(
    mediaType: MediaType, digest: String, size: Int64, urls: [String]? = nil, annotations: [String: String]? = nil,
    platform: Platform? = nil, artifactType: String? = nil
  ) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    self.urls = urls
    self.annotations = annotations
    self.platform = platform
    self.artifactType = artifactType
  }

  enum CodingKeys: String, CodingKey {
    case mediaType, digest, size, urls, annotations, platform, artifactType
  }
}

/// Source: image-spec image-index.md, "platform".
public struct Platform: Codable, Equatable, Hashable, Sendable, CustomStringConvertible {
  /// GOARCH: `amd64`, `arm64` ...
  public var architecture: String
  public var os: String
  public var variant: String?
  public var osVersion: String?
  public var osFeatures: [String]?

  public init(
    architecture: String, os: String = "linux", variant: String? = nil, osVersion: String? = nil, osFeatures: [String]? = nil
  ) {
    self.architecture = architecture
    self.os = os
    self.variant = variant
    self.osVersion = osVersion
    self.osFeatures = osFeatures
  }

  enum CodingKeys: String, CodingKey {
    case architecture, os, variant
    case osVersion = "os.version"
    case osFeatures = "os.features"
  }

  /// What this agent was compiled for.
  public static var current: Platform {
    #if arch(arm64)
      Platform(architecture: "arm64", variant: "v8")
    #elseif arch(x86_64)
      Platform(architecture: "amd64")
    #else
      Platform(architecture: "unknown")
    #endif
  }

  /// Whether an image for this platform runs on `host`. arm64 without a variant means v8; an amd64 image that asks for a micro-architecture
  /// level is accepted only when the host names the same one.
  public func runs(on host: Platform) -> Bool {
    guard os == host.os, architecture == host.architecture else { return false }
    func normal(_ platform: Platform) -> String {
      let text = platform.variant ?? ""
      return platform.architecture == "arm64" && text == "v8" || platform.architecture == "amd64" && text == "v1" ? "" : text
    }
    let wanted = normal(self)
    return wanted.isEmpty || wanted == normal(host)
  }

  public var description: String { [os, architecture, variant ?? ""].filter { !$0.isEmpty }.joined(separator: "/") }
}
