/// Limits of a container. Source: runtime-spec config-linux.md, "Control groups".
public struct ResourcesSpec: Codable, Equatable, Sendable {
  public struct DeviceRule: Codable, Equatable, Sendable {
    public var allow: Bool
    /// `a` (all), `c` or `b`.
    public var type: String?
    /// Absent or -1: any.
    public var major: Int64?
    public var minor: Int64?
    /// Out of `rwm`.
    public var access: String?

    public init(allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil, access: String? = nil) {
      self.allow = allow
      self.type = type
      self.major = major
      self.minor = minor
      self.access = access
    }
  }

  public struct Memory: Codable, Equatable, Sendable {
    /// Bytes; -1: unlimited.
    public var limit: Int64?
    /// Bytes (soft limit).
    public var reservation: Int64?
    /// Bytes, memory plus swap; -1: unlimited.
    public var swap: Int64?
    public var disableOOMKiller: Bool?

    public init(limit: Int64? = nil, reservation: Int64? = nil, swap: Int64? = nil, disableOOMKiller: Bool? = nil) {
      self.limit = limit
      self.reservation = reservation
      self.swap = swap
      self.disableOOMKiller = disableOOMKiller
    }
  }

  public struct CPU: Codable, Equatable, Sendable {
    public var shares: UInt64?
    /// Microseconds per period; negative: unlimited.
    public var quota: Int64?
    /// Microseconds.
    public var burst: UInt64?
    /// Microseconds.
    public var period: UInt64?
    public var cpus: String?
    public var mems: String?
    public var idle: Int64?

    public init(
      shares: UInt64? = nil, quota: Int64? = nil, burst: UInt64? = nil, period: UInt64? = nil, cpus: String? = nil,
      mems: String? = nil, idle: Int64? = nil
    ) {
      self.shares = shares
      self.quota = quota
      self.burst = burst
      self.period = period
      self.cpus = cpus
      self.mems = mems
      self.idle = idle
    }
  }

  public struct Pids: Codable, Equatable, Sendable {
    /// 0 or negative: unlimited.
    public var limit: Int64
    public init(limit: Int64) { self.limit = limit }
  }

  public struct HugepageLimit: Codable, Equatable, Sendable {
    /// e.g. `2MB`.
    public var pageSize: String
    /// Bytes.
    public var limit: UInt64
    public init(pageSize: String, limit: UInt64) {
      self.pageSize = pageSize
      self.limit = limit
    }
  }

  public struct BlockIO: Codable, Equatable, Sendable {
    public struct Throttle: Codable, Equatable, Sendable {
      public var major: Int64
      public var minor: Int64
      /// Bytes or operations per second.
      public var rate: UInt64
      public init(major: Int64, minor: Int64, rate: UInt64) {
        self.major = major
        self.minor = minor
        self.rate = rate
      }
    }
    public var weight: UInt16?
    public var throttleReadBpsDevice: [Throttle]?
    public var throttleWriteBpsDevice: [Throttle]?
    public var throttleReadIOPSDevice: [Throttle]?
    public var throttleWriteIOPSDevice: [Throttle]?

    public init(
      weight: UInt16? = nil, throttleReadBpsDevice: [Throttle]? = nil, throttleWriteBpsDevice: [Throttle]? = nil,
      throttleReadIOPSDevice: [Throttle]? = nil, throttleWriteIOPSDevice: [Throttle]? = nil
    ) {
      self.weight = weight
      self.throttleReadBpsDevice = throttleReadBpsDevice
      self.throttleWriteBpsDevice = throttleWriteBpsDevice
      self.throttleReadIOPSDevice = throttleReadIOPSDevice
      self.throttleWriteIOPSDevice = throttleWriteIOPSDevice
    }
  }

  public var devices: [DeviceRule]?
  public var memory: Memory?
  public var cpu: CPU?
  public var pids: Pids?
  public var blockIO: BlockIO?
  public var hugepageLimits: [HugepageLimit]?
  /// cgroup v2 file name to content, written verbatim.
  public var unified: [String: String]?

  public init(
    devices: [DeviceRule]? = nil, memory: Memory? = nil, cpu: CPU? = nil, pids: Pids? = nil, blockIO: BlockIO? = nil,
    hugepageLimits: [HugepageLimit]? = nil, unified: [String: String]? = nil
  ) {
    self.devices = devices
    self.memory = memory
    self.cpu = cpu
    self.pids = pids
    self.blockIO = blockIO
    self.hugepageLimits = hugepageLimits
    self.unified = unified
  }
}
