/// Limits and weights of a cgroup, in OCI units. A value that is nil stays as it is.
/// Source: runtime-spec config-linux.md, "Control groups".
public struct CgroupResources: Equatable, Sendable {
  public struct HugepageLimit: Equatable, Sendable {
    /// As the kernel spells it in file names, e.g. `2MB`, `1GB`.
    public var pageSize: String
    /// Bytes.
    public var limit: UInt64
    public init(pageSize: String, limit: UInt64) {
      self.pageSize = pageSize
      self.limit = limit
    }
  }

  /// 2...262144; becomes cpu.weight by `CPUWeight.container`. 0: unset.
  public var cpuShares: UInt64?
  /// cpu.weight itself, 1...10000; goes before `cpuShares`.
  public var cpuWeight: UInt64?
  /// Microseconds per period; 0 or negative: unlimited.
  public var cpuQuota: Int64?
  /// Microseconds; the kernel's default is 100000.
  public var cpuPeriod: UInt64?
  /// Microseconds a group may use beyond its quota, saved up from earlier periods.
  public var cpuBurst: UInt64?
  /// 1: only runs when nothing else wants to.
  public var cpuIdle: Int64?
  /// Ranges, e.g. "0-2,7". Empty: unset.
  public var cpusetCPUs: String?
  public var cpusetMems: String?
  /// Bytes; negative: unlimited, 0: unset.
  public var memoryLimit: Int64?
  /// Bytes of memory and swap together; negative: unlimited, 0: unset.
  public var memorySwap: Int64?
  /// Bytes kept from reclaim (memory.low).
  public var memoryReservation: Int64?
  /// 0 or negative: unlimited.
  public var pidsLimit: Int64?
  public var hugepageLimits: [HugepageLimit]
  /// OCI block I/O weight, 10...1000. 0: unset.
  public var ioWeight: UInt16?
  public var ioThrottles: [IOThrottle]
  /// File name to value, written verbatim after everything else.
  public var unified: [String: String]
  /// In order, the last rule that matches decides; what no rule matches is denied. nil: nothing is attached.
  public var deviceRules: [DeviceRule]?

  public init(
    cpuShares: UInt64? = nil, cpuWeight: UInt64? = nil, cpuQuota: Int64? = nil, cpuPeriod: UInt64? = nil, cpuBurst: UInt64? = nil,
    cpuIdle: Int64? = nil, cpusetCPUs: String? = nil, cpusetMems: String? = nil, memoryLimit: Int64? = nil,
    memorySwap: Int64? = nil,
    memoryReservation: Int64? = nil, pidsLimit: Int64? = nil, hugepageLimits: [HugepageLimit] = [], ioWeight: UInt16? = nil,
    ioThrottles: [IOThrottle] = [], unified: [String: String] = [:], deviceRules: [DeviceRule]? = nil
  ) {
    self.cpuShares = cpuShares
    self.cpuWeight = cpuWeight
    self.cpuQuota = cpuQuota
    self.cpuPeriod = cpuPeriod
    self.cpuBurst = cpuBurst
    self.cpuIdle = cpuIdle
    self.cpusetCPUs = cpusetCPUs
    self.cpusetMems = cpusetMems
    self.memoryLimit = memoryLimit
    self.memorySwap = memorySwap
    self.memoryReservation = memoryReservation
    self.pidsLimit = pidsLimit
    self.hugepageLimits = hugepageLimits
    self.ioWeight = ioWeight
    self.ioThrottles = ioThrottles
    self.unified = unified
    self.deviceRules = deviceRules
  }
}
