import CRIProto
import RuntimeAPI

extension PSIData {
  init(_ message: Runtime_V1_PsiData) {
    self.init(
      average10: message.avg10, average60: message.avg60, average300: message.avg300, totalNanoseconds: message.total)
  }
}

extension Runtime_V1_PsiData {
  init(_ value: PSIData) {
    self.init()
    avg10 = value.average10
    avg60 = value.average60
    avg300 = value.average300
    total = value.totalNanoseconds
  }
}

extension PSIStats {
  init(_ message: Runtime_V1_PsiStats) {
    self.init(full: PSIData(message.full), some: PSIData(message.some))
  }
}

extension Runtime_V1_PsiStats {
  init(_ value: PSIStats) {
    self.init()
    full = Runtime_V1_PsiData(value.full)
    some = Runtime_V1_PsiData(value.some)
  }
}

extension CPUUsage {
  init(_ message: Runtime_V1_CpuUsage) {
    self.init(
      timestamp: message.timestamp,
      usageCoreNanoSeconds: message.hasUsageCoreNanoSeconds ? message.usageCoreNanoSeconds.value : nil,
      usageNanoCores: message.hasUsageNanoCores ? message.usageNanoCores.value : nil,
      psi: message.hasPsi ? PSIStats(message.psi) : nil)
  }
}

extension Runtime_V1_CpuUsage {
  init(_ value: CPUUsage) {
    self.init()
    timestamp = value.timestamp
    if let usage = value.usageCoreNanoSeconds { usageCoreNanoSeconds = Runtime_V1_UInt64Value(usage) }
    if let usage = value.usageNanoCores { usageNanoCores = Runtime_V1_UInt64Value(usage) }
    if let psi = value.psi { self.psi = Runtime_V1_PsiStats(psi) }
  }
}

extension MemoryUsage {
  init(_ message: Runtime_V1_MemoryUsage) {
    self.init(
      timestamp: message.timestamp, workingSet: message.hasWorkingSetBytes ? message.workingSetBytes.value : nil,
      available: message.hasAvailableBytes ? message.availableBytes.value : nil,
      usage: message.hasUsageBytes ? message.usageBytes.value : nil, rss: message.hasRssBytes ? message.rssBytes.value : nil,
      pageFaults: message.hasPageFaults ? message.pageFaults.value : nil,
      majorPageFaults: message.hasMajorPageFaults ? message.majorPageFaults.value : nil,
      psi: message.hasPsi ? PSIStats(message.psi) : nil)
  }
}

extension Runtime_V1_MemoryUsage {
  init(_ value: MemoryUsage) {
    self.init()
    timestamp = value.timestamp
    if let bytes = value.workingSet { workingSetBytes = Runtime_V1_UInt64Value(bytes) }
    if let bytes = value.available { availableBytes = Runtime_V1_UInt64Value(bytes) }
    if let bytes = value.usage { usageBytes = Runtime_V1_UInt64Value(bytes) }
    if let bytes = value.rss { rssBytes = Runtime_V1_UInt64Value(bytes) }
    if let count = value.pageFaults { pageFaults = Runtime_V1_UInt64Value(count) }
    if let count = value.majorPageFaults { majorPageFaults = Runtime_V1_UInt64Value(count) }
    if let psi = value.psi { self.psi = Runtime_V1_PsiStats(psi) }
  }
}

extension SwapUsage {
  init(_ message: Runtime_V1_SwapUsage) {
    self.init(
      timestamp: message.timestamp, available: message.hasSwapAvailableBytes ? message.swapAvailableBytes.value : nil,
      usage: message.hasSwapUsageBytes ? message.swapUsageBytes.value : nil)
  }
}

extension Runtime_V1_SwapUsage {
  init(_ value: SwapUsage) {
    self.init()
    timestamp = value.timestamp
    if let bytes = value.available { swapAvailableBytes = Runtime_V1_UInt64Value(bytes) }
    if let bytes = value.usage { swapUsageBytes = Runtime_V1_UInt64Value(bytes) }
  }
}

extension FilesystemUsage {
  init(_ message: Runtime_V1_FilesystemUsage) {
    self.init(
      timestamp: message.timestamp, mountpoint: message.fsID.mountpoint,
      usedBytes: message.hasUsedBytes ? message.usedBytes.value : nil,
      inodesUsed: message.hasInodesUsed ? message.inodesUsed.value : nil)
  }
}

extension Runtime_V1_FilesystemUsage {
  init(_ value: FilesystemUsage) {
    self.init()
    timestamp = value.timestamp
    fsID.mountpoint = value.mountpoint
    if let bytes = value.usedBytes { usedBytes = Runtime_V1_UInt64Value(bytes) }
    if let count = value.inodesUsed { inodesUsed = Runtime_V1_UInt64Value(count) }
  }
}

extension NetworkInterfaceUsage {
  init(_ message: Runtime_V1_NetworkInterfaceUsage) {
    self.init(
      name: message.name, rxBytes: message.rxBytes.value, rxErrors: message.rxErrors.value, txBytes: message.txBytes.value,
      txErrors: message.txErrors.value)
  }
}

extension Runtime_V1_NetworkInterfaceUsage {
  init(_ value: NetworkInterfaceUsage) {
    self.init()
    name = value.name
    rxBytes = Runtime_V1_UInt64Value(value.rxBytes)
    rxErrors = Runtime_V1_UInt64Value(value.rxErrors)
    txBytes = Runtime_V1_UInt64Value(value.txBytes)
    txErrors = Runtime_V1_UInt64Value(value.txErrors)
  }
}
