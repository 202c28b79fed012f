/// The process to run. Source: runtime-spec config.md, "Process".
public struct ProcessSpec: Codable, Equatable, Sendable {
  public var terminal: Bool?
  public var user: UserSpec
  public var args: [String]
  /// `NAME=value` entries.
  public var env: [String]?
  public var cwd: String
  public var capabilities: CapabilitiesSpec?
  public var rlimits: [RLimitSpec]?
  public var noNewPrivileges: Bool?
  public var apparmorProfile: String?
  public var oomScoreAdj: Int32?

  public init(
    terminal: Bool? = nil, user: UserSpec = UserSpec(), args: [String], env: [String]? = nil, cwd: String = "/",
    capabilities: CapabilitiesSpec? = nil, rlimits: [RLimitSpec]? = nil, noNewPrivileges: Bool? = nil,
    apparmorProfile: String? = nil, oomScoreAdj: Int32? = nil
  ) {
    self.terminal = terminal
    self.user = user
    self.args = args
    self.env = env
    self.cwd = cwd
    self.capabilities = capabilities
    self.rlimits = rlimits
    self.noNewPrivileges = noNewPrivileges
    self.apparmorProfile = apparmorProfile
    self.oomScoreAdj = oomScoreAdj
  }
}

/// Source: config.md, "POSIX-platform User".
public struct UserSpec: Codable, Equatable, Sendable {
  public var uid: UInt32
  public var gid: UInt32
  public var umask: UInt32?
  public var additionalGids: [UInt32]?

  public init(uid: UInt32 = 0, gid: UInt32 = 0, umask: UInt32? = nil, additionalGids: [UInt32]? = nil) {
    self.uid = uid
    self.gid = gid
    self.umask = umask
    self.additionalGids = additionalGids
  }
}

/// Capability sets by name (`CAP_CHOWN`). Source: config.md, "Linux Process".
public struct CapabilitiesSpec: Codable, Equatable, Sendable {
  public var effective: [String]?
  public var bounding: [String]?
  public var inheritable: [String]?
  public var permitted: [String]?
  public var ambient: [String]?

  public init(
    effective: [String]? = nil, bounding: [String]? = nil, inheritable: [String]? = nil, permitted: [String]? = nil,
    ambient: [String]? = nil
  ) {
    self.effective = effective
    self.bounding = bounding
    self.inheritable = inheritable
    self.permitted = permitted
    self.ambient = ambient
  }
}

/// One resource limit; `type` is a name as `RLIMIT_NOFILE`. Source: config.md, "POSIX process".
public struct RLimitSpec: Codable, Equatable, Sendable {
  public var type: String
  public var soft: UInt64
  public var hard: UInt64

  public init(type: String, soft: UInt64, hard: UInt64) {
    self.type = type
    self.soft = soft
    self.hard = hard
  }
}
