/// An OCI container configuration (`config.json`). Field names are the specification's; what Swiftlet does not use (hooks, Windows,
/// Solaris, VM) is ignored when decoded. Source: opencontainers/runtime-spec, config.md.
public struct RuntimeSpec: Codable, Equatable, Sendable {
  public var ociVersion: String
  public var process: ProcessSpec?
  public var root: RootSpec?
  public var hostname: String?
  public var domainname: String?
  public var mounts: [MountSpec]?
  public var annotations: [String: String]?
  public var linux: LinuxSpec?

  public init(
    ociVersion: String = "1.2.0", process: ProcessSpec? = nil, root: RootSpec? = nil, hostname: String? = nil,
    domainname: String? = nil, mounts: [MountSpec]? = nil, annotations: [String: String]? = nil, linux: LinuxSpec? = nil
  ) {
    self.ociVersion = ociVersion
    self.process = process
    self.root = root
    self.hostname = hostname
    self.domainname = domainname
    self.mounts = mounts
    self.annotations = annotations
    self.linux = linux
  }
}

/// Source: config.md, "Root".
public struct RootSpec: Codable, Equatable, Sendable {
  public var path: String
  public var readonly: Bool?

  public init(path: String, readonly: Bool? = nil) {
    self.path = path
    self.readonly = readonly
  }
}

/// Source: config.md, "Mounts". Options are those of mount(8) in the order they apply.
public struct MountSpec: Codable, Equatable, Sendable {
  public var destination: String
  public var type: String?
  public var source: String?
  public var options: [String]?
  public var uidMappings: [IDMappingSpec]?
  public var gidMappings: [IDMappingSpec]?

  public init(
    destination: String, type: String? = nil, source: String? = nil, options: [String]? = nil,
    uidMappings: [IDMappingSpec]? = nil, gidMappings: [IDMappingSpec]? = nil
  ) {
    self.destination = destination
    self.type = type
    self.source = source
    self.options = options
    self.uidMappings = uidMappings
    self.gidMappings = gidMappings
  }
}

/// Source: config-linux.md, "User namespace mappings".
public struct IDMappingSpec: Codable, Equatable, Sendable {
  public var containerID: UInt32
  public var hostID: UInt32
  public var size: UInt32

  public init(containerID: UInt32, hostID: UInt32, size: UInt32) {
    self.containerID = containerID
    self.hostID = hostID
    self.size = size
  }
}
