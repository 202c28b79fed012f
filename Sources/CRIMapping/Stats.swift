package import CRIProto
package import RuntimeAPI

extension ContainerStats {
  package init(_ message: Runtime_V1_ContainerStats) {
    let attributes = message.attributes
    self.init(
      id: ContainerID(attributes.id), metadata: ContainerMetadata(attributes.metadata), labels: attributes.labels,
      annotations: attributes.annotations, cpu: message.hasCpu ? CPUUsage(message.cpu) : nil,
      memory: message.hasMemory ? MemoryUsage(message.memory) : nil, swap: message.hasSwap ? SwapUsage(message.swap) : nil,
      io: message.io.hasPsi ? PSIStats(message.io.psi) : nil,
      writableLayer: message.hasWritableLayer ? FilesystemUsage(message.writableLayer) : nil)
  }
}

extension Runtime_V1_ContainerStats {
  package init(_ value: ContainerStats) {
    self.init()
    attributes.id = value.id.rawValue
    attributes.metadata = Runtime_V1_ContainerMetadata(value.metadata)
    attributes.labels = value.labels
    attributes.annotations = value.annotations
    if let cpu = value.cpu { self.cpu = Runtime_V1_CpuUsage(cpu) }
    if let memory = value.memory { self.memory = Runtime_V1_MemoryUsage(memory) }
    if let swap = value.swap { self.swap = Runtime_V1_SwapUsage(swap) }
    if let io = value.io {
      self.io.timestamp = value.cpu?.timestamp ?? value.memory?.timestamp ?? 0
      self.io.psi = Runtime_V1_PsiStats(io)
    }
    if let layer = value.writableLayer { writableLayer = Runtime_V1_FilesystemUsage(layer) }
  }
}

extension SandboxStats {
  package init(_ message: Runtime_V1_PodSandboxStats) {
    let attributes = message.attributes
    let linux = message.linux
    var interfaces = linux.network.interfaces.map(NetworkInterfaceUsage.init)
    if linux.network.hasDefaultInterface { interfaces.insert(NetworkInterfaceUsage(linux.network.defaultInterface), at: 0) }
    self.init(
      id: SandboxID(attributes.id), metadata: SandboxMetadata(attributes.metadata), labels: attributes.labels,
      annotations: attributes.annotations, cpu: linux.hasCpu ? CPUUsage(linux.cpu) : nil,
      memory: linux.hasMemory ? MemoryUsage(linux.memory) : nil, io: linux.io.hasPsi ? PSIStats(linux.io.psi) : nil,
      networkTimestamp: linux.network.timestamp, interfaces: interfaces,
      processCount: linux.process.hasProcessCount ? linux.process.processCount.value : nil,
      containers: linux.containers.map(ContainerStats.init))
  }
}

extension Runtime_V1_PodSandboxStats {
  package init(_ value: SandboxStats) {
    self.init()
    attributes.id = value.id.rawValue
    attributes.metadata = Runtime_V1_PodSandboxMetadata(value.metadata)
    attributes.labels = value.labels
    attributes.annotations = value.annotations
    var linux = Runtime_V1_LinuxPodSandboxStats()
    if let cpu = value.cpu { linux.cpu = Runtime_V1_CpuUsage(cpu) }
    if let memory = value.memory { linux.memory = Runtime_V1_MemoryUsage(memory) }
    let timestamp = value.cpu?.timestamp ?? value.memory?.timestamp ?? 0
    if let io = value.io {
      linux.io.timestamp = timestamp
      linux.io.psi = Runtime_V1_PsiStats(io)
    }
    if let first = value.interfaces.first {
      linux.network.timestamp = value.networkTimestamp
      linux.network.defaultInterface = Runtime_V1_NetworkInterfaceUsage(first)
      linux.network.interfaces = value.interfaces.dropFirst().map(Runtime_V1_NetworkInterfaceUsage.init)
    }
    if let count = value.processCount {
      linux.process.timestamp = timestamp
      linux.process.processCount = Runtime_V1_UInt64Value(count)
    }
    linux.containers = value.containers.map(Runtime_V1_ContainerStats.init)
    self.linux = linux
  }
}
