/// Source: CRI HugepageLimit.
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

/// 0 or empty: not set. Source: CRI LinuxContainerResources.
public struct LinuxResources: Codable, Equatable, Sendable {
  /// Microseconds.
  public var cpuPeriod: Int64
  /// Microseconds per period.
  public var cpuQuota: Int64
  /// 2...262144.
  public var cpuShares: Int64
  /// Bytes.
  public var memoryLimit: Int64
  /// Bytes, memory plus swap.
  public var memorySwapLimit: Int64
  public var oomScoreAdjust: Int64
  public var cpusetCPUs: String
  public var cpusetMemoryNodes: String
  public var hugepageLimits: [HugepageLimit]
  /// cgroup v2 file name to value, written verbatim.
  public var unified: [String: String]

  public init(
    cpuPeriod: Int64 = 0, cpuQuota: Int64 = 0, cpuShares: Int64 = 0, memoryLimit: Int64 = 0, memorySwapLimit: Int64 = 0,
    oomScoreAdjust: Int64 = 0, cpusetCPUs: String = "", cpusetMemoryNodes: String = "", hugepageLimits: [HugepageLimit] = [],
    unified: [String: String] = [:]
  ) {
    self.cpuPeriod = cpuPeriod
    self.cpuQuota = cpuQuota
    self.cpuShares = cpuShares
    self.memoryLimit = memoryLimit
    self.memorySwapLimit = memorySwapLimit
    self.oomScoreAdjust = oomScoreAdjust
    self.cpusetCPUs = cpusetCPUs
    self.cpusetMemoryNodes = cpusetMemoryNodes
    self.hugepageLimits = hugepageLimits
    self.unified = unified
  }
}
