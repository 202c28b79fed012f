/// Source: CRI Image.
public struct ImageInfo: Codable, Equatable, Sendable {
  public var id: ImageID
  public var repoTags: [String]
  public var repoDigests: [String]
  /// Bytes, > 0.
  public var size: UInt64
  /// Set when USER is numeric.
  public var uid: Int64?
  /// Set when USER is a name.
  public var username: String
  public var pinned: Bool

  public init(
    id: ImageID, repoTags: [String] = [], repoDigests: [String] = [], size: UInt64, uid: Int64? = nil, username: String = "",
    pinned: Bool = false
  ) {
    self.id = id
    self.repoTags = repoTags
    self.repoDigests = repoDigests
    self.size = size
    self.uid = uid
    self.username = username
    self.pinned = pinned
  }
}

/// Source: CRI ImageFsInfoResponse.
public struct ImageFilesystemInfo: Codable, Equatable, Sendable {
  public var images: [FilesystemUsage]
  public var containers: [FilesystemUsage]

  public init(images: [FilesystemUsage] = [], containers: [FilesystemUsage] = []) {
    self.images = images
    self.containers = containers
  }
}

/// Never logged. Source: CRI AuthConfig.
public struct RegistryAuth: Codable, Equatable, Sendable {
  public var username: String
  public var password: String
  public var auth: String
  public var serverAddress: String
  public var identityToken: String
  public var registryToken: String

  public init(
    username: String = "", password: String = "", auth: String = "", serverAddress: String = "", identityToken: String = "",
    registryToken: String = ""
  ) {
    self.username = username
    self.password = password
    self.auth = auth
    self.serverAddress = serverAddress
    self.identityToken = identityToken
    self.registryToken = registryToken
  }
}

/// Source: CRI RuntimeCondition.
public struct RuntimeCondition: Codable, Equatable, Sendable {
  /// `RuntimeReady` or `NetworkReady`.
  public var type: String
  public var status: Bool
  public var reason: String
  public var message: String

  public init(type: String, status: Bool, reason: String = "", message: String = "") {
    self.type = type
    self.status = status
    self.reason = reason
    self.message = message
  }
}

/// Source: CRI RuntimeHandler.
public struct RuntimeHandlerInfo: Codable, Equatable, Sendable {
  public var name: String
  public var recursiveReadOnlyMounts: Bool
  public var userNamespaces: Bool

  public init(name: String = "", recursiveReadOnlyMounts: Bool = false, userNamespaces: Bool = false) {
    self.name = name
    self.recursiveReadOnlyMounts = recursiveReadOnlyMounts
    self.userNamespaces = userNamespaces
  }
}

/// Source: CRI StatusResponse.
public struct RuntimeStatus: Codable, Equatable, Sendable {
  public var conditions: [RuntimeCondition]
  public var handlers: [RuntimeHandlerInfo]
  public var supplementalGroupsPolicy: Bool
  /// Pods of the host's network can have a user namespace.
  public var userNamespacesHostNetwork: Bool
  /// JSON texts; only when asked verbosely.
  public var info: [String: String]

  public init(
    conditions: [RuntimeCondition], handlers: [RuntimeHandlerInfo] = [], supplementalGroupsPolicy: Bool = false,
    userNamespacesHostNetwork: Bool = false, info: [String: String] = [:]
  ) {
    self.conditions = conditions
    self.handlers = handlers
    self.supplementalGroupsPolicy = supplementalGroupsPolicy
    self.userNamespacesHostNetwork = userNamespacesHostNetwork
    self.info = info
  }
}

/// Source: CRI VersionResponse.
public struct RuntimeVersion: Codable, Equatable, Sendable {
  public var runtimeName: String
  public var runtimeVersion: String
  public var apiVersion: String

  public init(runtimeName: String, runtimeVersion: String, apiVersion: String = "v1") {
    self.runtimeName = runtimeName
    self.runtimeVersion = runtimeVersion
    self.apiVersion = apiVersion
  }
}

/// Source: CRI CgroupDriver.
public enum CgroupDriver: Int32, Codable, Sendable, CaseIterable {
  case systemd = 0
  case cgroupfs = 1
}
