import Cgroups
import OCISpec
import RuntimeAPI

extension CgroupResources {
  /// The cgroup half of an OCI spec's resources.
  init(_ spec: ResourcesSpec) {
    self.init()
    cpuShares = spec.cpu?.shares
    cpuQuota = spec.cpu?.quota
    cpuPeriod = spec.cpu?.period
    cpusetCPUs = spec.cpu?.cpus
    cpusetMems = spec.cpu?.mems
    memoryLimit = spec.memory?.limit
    memorySwap = spec.memory?.swap
    memoryReservation = spec.memory?.reservation
    pidsLimit = spec.pids?.limit
    hugepageLimits = (spec.hugepageLimits ?? []).map { HugepageLimit(pageSize: $0.pageSize, limit: $0.limit) }
    unified = spec.unified ?? [:]
    deviceRules = spec.devices?.map { rule in
      DeviceRule(allow: rule.allow, type: rule.type ?? "a", major: rule.major, minor: rule.minor, access: rule.access ?? "rwm")
    }
  }
}

extension PSIStats {
  init(_ pressure: CgroupStats.Pressure) {
    self.init(full: PSIData(pressure.full), some: PSIData(pressure.some))
  }
}

extension PSIData {
  init(_ line: CgroupStats.PressureLine) {
    self.init(
      average10: line.average10, average60: line.average60, average300: line.average300,
      totalNanoseconds: line.totalMicroseconds * 1000)
  }
}
