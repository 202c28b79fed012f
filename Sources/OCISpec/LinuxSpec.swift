/// The Linux part of a container configuration. Source: runtime-spec config-linux.md.
public struct LinuxSpec: Codable, Equatable, Sendable {
  public var namespaces: [NamespaceSpec]?
  public var uidMappings: [IDMappingSpec]?
  public var gidMappings: [IDMappingSpec]?
  public var devices: [DeviceSpec]?
  public var cgroupsPath: String?
  public var resources: ResourcesSpec?
  /// `shared`, `slave`, `private` or `unbindable`.
  public var rootfsPropagation: String?
  public var seccomp: SeccompSpec?
  /// Names with dots.
  public var sysctl: [String: String]?
  public var maskedPaths: [String]?
  public var readonlyPaths: [String]?
  public var mountLabel: String?

  public init(
    namespaces: [NamespaceSpec]? = nil, uidMappings: [IDMappingSpec]? = nil, gidMappings: [IDMappingSpec]? = nil,
    devices: [DeviceSpec]? = nil, cgroupsPath: String? = nil, resources: ResourcesSpec? = nil,
    rootfsPropagation: String? = nil, seccomp: SeccompSpec? = nil, sysctl: [String: String]? = nil,
    maskedPaths: [String]? = nil, readonlyPaths: [String]? = nil, mountLabel: String? = nil
  ) {
    self.namespaces = namespaces
    self.uidMappings = uidMappings
    self.gidMappings = gidMappings
    self.devices = devices
    self.cgroupsPath = cgroupsPath
    self.resources = resources
    self.rootfsPropagation = rootfsPropagation
    self.seccomp = seccomp
    self.sysctl = sysctl
    self.maskedPaths = maskedPaths
    self.readonlyPaths = readonlyPaths
    self.mountLabel = mountLabel
  }
}

/// A namespace of the container: new when `path` is absent, joined otherwise; a kind that is not listed stays the runtime's.
/// Source: config-linux.md, "Namespaces".
public struct NamespaceSpec: Codable, Equatable, Sendable {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case pid, network, mount, ipc, uts, user, cgroup, time
  }
  public var type: Kind
  /// A namespace file (`/proc/PID/ns/net`); a pid in place of a path is the runtime's own business.
  public var path: String?

  public init(type: Kind, path: String? = nil) {
    self.type = type
    self.path = path
  }
}

/// A device node of the container. Source: config-linux.md, "Devices".
public struct DeviceSpec: Codable, Equatable, Sendable {
  /// `c`, `b`, `u` or `p`.
  public var type: String
  public var path: String
  public var major: UInt32?
  public var minor: UInt32?
  public var fileMode: UInt32?
  public var uid: UInt32?
  public var gid: UInt32?

  public init(
    type: String, path: String, major: UInt32? = nil, minor: UInt32? = nil, fileMode: UInt32? = nil, uid: UInt32? = nil,
    gid: UInt32? = nil
  ) {
    self.type = type
    self.path = path
    self.major = major
    self.minor = minor
    self.fileMode = fileMode
    self.uid = uid
    self.gid = gid
  }
}
