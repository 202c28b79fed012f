/// Pressure averages in percent and total in nanoseconds. Source: CRI PsiData.
public struct PSIData: Codable, Equatable, Sendable {
  public var average10: Double
  public var average60: Double
  public var average300: Double
  public var totalNanoseconds: UInt64

  public init(average10: Double = 0, average60: Double = 0, average300: Double = 0, totalNanoseconds: UInt64 = 0) {
    self.average10 = average10
    self.average60 = average60
    self.average300 = average300
    self.totalNanoseconds = totalNanoseconds
  }
}

/// Source: CRI PsiStats.
public struct PSIStats: Codable, Equatable, Sendable {
  public var full: PSIData
  public var some: PSIData

  public init(full: PSIData = PSIData(), some: PSIData = PSIData()) {
    self.full = full
    self.some = some
  }
}

/// Source: CRI CpuUsage.
public struct CPUUsage: Codable, Equatable, Sendable {
  /// Nanoseconds, > 0.
  public var timestamp: Int64
  public var usageCoreNanoSeconds: UInt64?
  public var usageNanoCores: UInt64?
  public var psi: PSIStats?

  public init(timestamp: Int64, usageCoreNanoSeconds: UInt64? = nil, usageNanoCores: UInt64? = nil, psi: PSIStats? = nil) {
    self.timestamp = timestamp
    self.usageCoreNanoSeconds = usageCoreNanoSeconds
    self.usageNanoCores = usageNanoCores
    self.psi = psi
  }
}

/// Bytes. Source: CRI MemoryUsage.
public struct MemoryUsage: Codable, Equatable, Sendable {
  public var timestamp: Int64
  public var workingSet: UInt64?
  public var available: UInt64?
  public var usage: UInt64?
  public var rss: UInt64?
  public var pageFaults: UInt64?
  public var majorPageFaults: UInt64?
  public var psi: PSIStats?

  public init(
    timestamp: Int64, workingSet: UInt64? = nil, available: UInt64? = nil, usage: UInt64? = nil, rss: UInt64? = nil,
    pageFaults: UInt64? = nil, majorPageFaults: UInt64? = nil, psi: PSIStats? = nil
  ) {
    self.timestamp = timestamp
    self.workingSet = workingSet
    self.available = available
    self.usage = usage
    self.rss = rss
    self.pageFaults = pageFaults
    self.majorPageFaults = majorPageFaults
    self.psi = psi
  }
}

/// Bytes. Source: CRI SwapUsage.
public struct SwapUsage: Codable, Equatable, Sendable {
  public var timestamp: Int64
  public var available: UInt64?
  public var usage: UInt64?

  public init(timestamp: Int64, available: UInt64? = nil, usage: UInt64? = nil) {
    self.timestamp = timestamp
    self.available = available
    self.usage = usage
  }
}

/// Source: CRI FilesystemUsage.
public struct FilesystemUsage: Codable, Equatable, Sendable {
  public var timestamp: Int64
  public var mountpoint: String
  public var usedBytes: UInt64?
  public var inodesUsed: UInt64?

  public init(timestamp: Int64, mountpoint: String, usedBytes: UInt64? = nil, inodesUsed: UInt64? = nil) {
    self.timestamp = timestamp
    self.mountpoint = mountpoint
    self.usedBytes = usedBytes
    self.inodesUsed = inodesUsed
  }
}

/// Source: CRI ContainerStats.
public struct ContainerStats: Codable, Equatable, Sendable {
  public var id: ContainerID
  public var metadata: ContainerMetadata
  public var labels: [String: String]
  public var annotations: [String: String]
  public var cpu: CPUUsage?
  public var memory: MemoryUsage?
  public var swap: SwapUsage?
  public var io: PSIStats?
  public var writableLayer: FilesystemUsage?

  public init(
    id: ContainerID, metadata: ContainerMetadata, labels: [String: String] = [:], annotations: [String: String] = [:],
    cpu: CPUUsage? = nil, memory: MemoryUsage? = nil, swap: SwapUsage? = nil, io: PSIStats? = nil,
    writableLayer: FilesystemUsage? = nil
  ) {
    self.id = id
    self.metadata = metadata
    self.labels = labels
    self.annotations = annotations
    self.cpu = cpu
    self.memory = memory
    self.swap = swap
    self.io = io
    self.writableLayer = writableLayer
  }
}

/// Source: CRI NetworkInterfaceUsage.
public struct NetworkInterfaceUsage: Codable, Equatable, Sendable {
  public var name: String
  public var rxBytes: UInt64
  public var rxErrors: UInt64
  public var txBytes: UInt64
  public var txErrors: UInt64

  public init(name: String, rxBytes: UInt64 = 0, rxErrors: UInt64 = 0, txBytes: UInt64 = 0, txErrors: UInt64 = 0) {
    self.name = name
    self.rxBytes = rxBytes
    self.rxErrors = rxErrors
    self.txBytes = txBytes
    self.txErrors = txErrors
  }
}

/// Source: CRI PodSandboxStats.
public struct SandboxStats: Codable, Equatable, Sendable {
  public var id: SandboxID
  public var metadata: SandboxMetadata
  public var labels: [String: String]
  public var annotations: [String: String]
  public var cpu: CPUUsage?
  public var memory: MemoryUsage?
  public var io: PSIStats?
  public var networkTimestamp: Int64
  /// The default interface first.
  public var interfaces: [NetworkInterfaceUsage]
  public var processCount: UInt64?
  public var containers: [ContainerStats]

  public init(
    id: SandboxID, metadata: SandboxMetadata, labels: [String: String] = [:], annotations: [String: String] = [:],
    cpu: CPUUsage? = nil, memory: MemoryUsage? = nil, io: PSIStats? = nil, networkTimestamp: Int64 = 0,
    interfaces: [NetworkInterfaceUsage] = [], processCount: UInt64? = nil, containers: [ContainerStats] = []
  ) {
    self.id = id
    self.metadata = metadata
    self.labels = labels
    self.annotations = annotations
    self.cpu = cpu
    self.memory = memory
    self.io = io
    self.networkTimestamp = networkTimestamp
    self.interfaces = interfaces
    self.processCount = processCount
    self.containers = containers
  }
}
