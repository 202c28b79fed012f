package import CRIProto
package import RuntimeAPI

extension LinuxResources {
  package init(_ message: Runtime_V1_LinuxContainerResources) {
    self.init(
      cpuPeriod: message.cpuPeriod, cpuQuota: message.cpuQuota, cpuShares: message.cpuShares,
      memoryLimit: message.memoryLimitInBytes, memorySwapLimit: message.memorySwapLimitInBytes,
      oomScoreAdjust: message.oomScoreAdj, cpusetCPUs: message.cpusetCpus, cpusetMemoryNodes: message.cpusetMems,
      hugepageLimits: message.hugepageLimits.map { HugepageLimit(pageSize: $0.pageSize, limit: $0.limit) },
      unified: message.unified)
  }
}

extension Runtime_V1_LinuxContainerResources {
  package init(_ value: LinuxResources) {
    self.init()
    cpuPeriod = value.cpuPeriod
    cpuQuota = value.cpuQuota
    cpuShares = value.cpuShares
    memoryLimitInBytes = value.memoryLimit
    memorySwapLimitInBytes = value.memorySwapLimit
    oomScoreAdj = value.oomScoreAdjust
    cpusetCpus = value.cpusetCPUs
    cpusetMems = value.cpusetMemoryNodes
    hugepageLimits = value.hugepageLimits.map { limit in
      var message = Runtime_V1_HugepageLimit()
      message.pageSize = limit.pageSize
      message.limit = limit.limit
      return message
    }
    unified = value.unified
  }
}
