public import KubeModel

/// What the kubelet's pure functions need to know of the node and its configuration.
public struct NodeFacts: Sendable, Equatable {
  public var name: String
  /// Primary address first.
  public var hostIPs: [String]
  /// Bytes.
  public var memoryCapacity: Int64
  /// Thousandths of a CPU.
  public var milliCPUCapacity: Int64
  public var enforcesCPUQuota: Bool
  /// Microseconds.
  public var cpuQuotaPeriod: Int64
  /// memory.oom.group: on with cgroup v2 unless `singleProcessOOMKill`.
  public var killsWholeContainerOnOOM: Bool
  /// cgroup v2 controllers pods can have; a limit that needs another one refuses the pod.
  public var controllers: Set<String>
  public var clusterDomain: String
  public var clusterDNS: [String]
  /// Text of the node's resolv.conf (`resolvConf`).
  public var resolvConf: String
  /// Text of the node's /etc/hosts.
  public var hostsFile: String
  public var seccompDefault: Bool
  /// `podPidsLimit`; -1: none.
  public var podPidsLimit = -1
  /// Bytes.
  public var swapCapacity: Int64 = 0
  /// `memorySwap.swapBehavior` is `LimitedSwap`: burstable containers have their part of the swap, by their memory request. Else none has.
  public var limitsSwap = false
  public var allowedUnsafeSysctls: [String] = []
  public var hasAppArmor = false
  /// As the kernel names them in its files, `2MB` for example.
  public var hugePageSizes: [String] = []
  /// What admission gives out of the node; nil: all of its capacity.
  public var allocatable: [String: Quantity]?

  public init(
    name: String, hostIPs: [String] = [], memoryCapacity: Int64, milliCPUCapacity: Int64, enforcesCPUQuota: Bool = true,
    cpuQuotaPeriod: Int64 = 100_000, killsWholeContainerOnOOM: Bool = true,
    controllers: Set<String> = ["cpu", "memory", "pids", "hugetlb"], clusterDomain: String = "", clusterDNS: [String] = [],
    resolvConf: String = "", hostsFile: String = "", seccompDefault: Bool = false
  ) {
    self.name = name
    self.hostIPs = hostIPs
    self.memoryCapacity = memoryCapacity
    self.milliCPUCapacity = milliCPUCapacity
    self.enforcesCPUQuota = enforcesCPUQuota
    self.cpuQuotaPeriod = cpuQuotaPeriod
    self.killsWholeContainerOnOOM = killsWholeContainerOnOOM
    self.controllers = controllers
    self.clusterDomain = clusterDomain
    self.clusterDNS = clusterDNS
    self.resolvConf = resolvConf
    self.hostsFile = hostsFile
    self.seccompDefault = seccompDefault
  }
}
