/// The configuration blob of an image. Source: image-spec config.md.
public struct ImageConfig: Codable, Equatable, Sendable {
  public var created: String?
  public var author: String?
  public var architecture: String
  public var os: String
  public var variant: String?
  public var osVersion: String?
  public var osFeatures: [String]?
  public var config: ImageExecution?
  public var rootfs: ImageRootFS
  public var history: [ImageHistory]?

  public init(
    created: String? = nil, author: String? = nil, architecture: String, os: String = "linux", variant: String? = nil,
    osVersion: String? = nil, osFeatures: [String]? = nil, config: ImageExecution? = nil, rootfs: ImageRootFS,
    history: [ImageHistory]? = nil
  ) {
    self.created = created
    self.author = author
    self.architecture = architecture
    self.os = os
    self.variant = variant
    self.osVersion = osVersion
    self.osFeatures = osFeatures
    self.config = config
    self.rootfs = rootfs
    self.history = history
  }

  enum CodingKeys: String, CodingKey {
    case created, author, architecture, os, variant, config, rootfs, history
    case osVersion = "os.version"
    case osFeatures = "os.features"
  }

  public var platform: Platform {
    Platform(architecture: architecture, os: os, variant: variant, osVersion: osVersion, osFeatures: osFeatures)
  }
}

/// Defaults for the containers made from an image. Source: image-spec config.md, "config".
public struct ImageExecution: Codable, Equatable, Sendable {
  /// An object used as a set.
  public struct Present: Codable, Equatable, Sendable { public init() {} }

  /// `user`, `uid`, `user:group`, `uid:gid` ...
  public var user: String?
  public var exposedPorts: [String: Present]?
  public var env: [String]?
  public var entrypoint: [String]?
  public var cmd: [String]?
  public var volumes: [String: Present]?
  public var workingDir: String?
  public var labels: [String: String]?
  /// `SIGTERM`, `TERM`, `SIGRTMIN+3` or a number.
  public var stopSignal: String?
  public var argsEscaped: Bool?

  public init(
    user: String? = nil, exposedPorts: [String: Present]? = nil, env: [String]? = nil, entrypoint: [String]? = nil,
    cmd: [String]? = nil, volumes: [String: Present]? = nil, workingDir: String? = nil, labels: [String: String]? = nil,
    stopSignal: String? = nil, argsEscaped: Bool? = nil
  ) {
    self.user = user
    self.exposedPorts = exposedPorts
    self.env = env
    self.entrypoint = entrypoint
    self.cmd = cmd
    self.volumes = volumes
    self.workingDir = workingDir
    self.labels = labels
    self.stopSignal = stopSignal
    self.argsEscaped = argsEscaped
  }

  enum CodingKeys: String, CodingKey {
    case user = "User"
    case exposedPorts = "ExposedPorts"
    case env = "Env"
    case entrypoint = "Entrypoint"
    case cmd = "Cmd"
    case volumes = "Volumes"
    case workingDir = "WorkingDir"
    case labels = "Labels"
    case stopSignal = "StopSignal"
    case argsEscaped = "ArgsEscaped"
  }
}

/// Source: image-spec config.md, "rootfs".
public struct ImageRootFS: Codable, Equatable, Sendable {
  /// Always `layers`.
  public var type: String
  /// Digests of the uncompressed layers, base first.
  public var diffIDs: [String]

  public init(type: String = "layers", diffIDs: [String]) {
    self.type = type
    self.diffIDs = diffIDs
  }

  enum CodingKeys: String, CodingKey {
    case type
    case diffIDs = "diff_ids"
  }
}

/// Source: image-spec config.md, "history".
public struct ImageHistory: Codable, Equatable, Sendable {
  public var created: String?
  public var createdBy: String?
  public var author: String?
  public var comment: String?
  public var emptyLayer: Bool?

  public init(
    created: String? = nil, createdBy: String? = nil, author: String? = nil, comment: String? = nil, emptyLayer: Bool? = nil
  ) {
    self.created = created
    self.createdBy = createdBy
    self.author = author
    self.comment = comment
    self.emptyLayer = emptyLayer
  }

  enum CodingKeys: String, CodingKey {
    case created, author, comment
    case createdBy = "created_by"
    case emptyLayer = "empty_layer"
  }
}
