import Cgroups
import Images
import LinuxSystem
import PodNetwork
public import RuntimeAPI
import Synchronization

extension PodRuntime {
  public func containerStats(_ id: ContainerID) async throws(RuntimeError) -> ContainerStats {
    await stats(try await container(id), diskAge: 0)
  }

  public func listContainerStats(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerStats] {
    let summaries = try await listContainers(filter)
    let containers = state.withLock { state in summaries.compactMap { state.containers[$0.id] } }
    return await sideBySide(containers) { await self.stats($0, diskAge: Self.diskSampleAge) }
  }

  public func podSandboxStats(_ id: SandboxID) async throws(RuntimeError) -> SandboxStats {
    let sandbox = try await sandbox(id)
    guard sandbox.machine.state == .ready else {
      throw RuntimeError(.failedPrecondition, "sandbox \(sandbox.id) is \(sandbox.machine.word): it has no statistics")
    }
    return await stats(sandbox)
  }

  public func listPodSandboxStats(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxStats] {
    let summaries = try await listPodSandboxes(filter).filter { $0.state == .ready }
    let sandboxes = state.withLock { state in summaries.compactMap { state.sandboxes[$0.id] } }
    return await sideBySide(sandboxes) { await self.stats($0) }
  }

  /// How old what containers wrote may be in a list, nanoseconds: a directory is walked for it, and eviction looks every ten seconds.
  static let diskSampleAge: UInt64 = 10_000_000_000

  /// A few at a time, as each reads a dozen files, and walks a directory at times; in the order of `values`.
  func sideBySide<Value: Sendable, Result: Sendable>(
    _ values: [Value], _ body: @escaping @Sendable (Value) async -> Result
  ) async -> [Result] {
    await withTaskGroup(of: (Int, Result).self) { group in
      var results = [Result?](repeating: nil, count: values.count)
      var next = 0
      func add() {
        guard next < values.count else { return }
        let (index, value) = (next, values[next])
        next += 1
        group.addTask { (index, await body(value)) }
      }
      for _ in 0..<8 { add() }
      while let (index, result) = await group.next() {
        results[index] = result
        add()
      }
      return results.compactMap { $0 }
    }
  }

  /// A container that has stopped keeps its attributes and its writable layer.
  private func stats(_ container: Container, diskAge: UInt64) async -> ContainerStats {
    let (record, isRunning) = (container.record, container.machine.state == .running)
    let (cgroups, images) = (cgroups, images)
    return await runBlocking {
      let now = wallClockNanoseconds()
      var stats = ContainerStats(
        id: record.id, metadata: record.config.metadata, labels: record.config.labels, annotations: record.config.annotations)
      if let usage = try? images.snapshotUsage(owner: record.id.rawValue, maximumAge: diskAge) {
        stats.writableLayer = FilesystemUsage(
          timestamp: now, mountpoint: usage.path, usedBytes: usage.bytes, inodesUsed: usage.inodes)
      }
      if isRunning {
        let sample = cgroups.cgroup(record.cgroup).stats()
        (stats.cpu, stats.memory, stats.swap, stats.io) = (
          container.cpuRate.withLock { $0.note(sample.cpu(now)) }, sample.memory(now), sample.swap(now), sample.ioPressure
        )
        if stats.memory == nil { stats.memory = residentMemory(cgroups.cgroup(record.cgroup), now) }
      }
      return stats
    }
  }

  private func stats(_ sandbox: Sandbox) async -> SandboxStats {
    let record = sandbox.record
    var containers: [ContainerStats] = []
    for container in self.containers(of: sandbox.id) where container.machine.state == .running {
      containers.append(await stats(container, diskAge: Self.diskSampleAge))
    }
    let (cgroups, network, cni, running) = (cgroups, network, cni, containers)
    return await runBlocking {
      let now = wallClockNanoseconds()
      var stats = SandboxStats(
        id: record.id, metadata: record.config.metadata, labels: record.config.labels, annotations: record.config.annotations)
      let cgroup = cgroups.cgroup(record.cgroupParent)
      let sample = cgroup.stats()
      (stats.cpu, stats.memory, stats.io) = (
        sandbox.cpuRate.withLock { $0.note(sample.cpu(now)) }, sample.memory(now), sample.ioPressure
      )
      if stats.memory == nil { stats.memory = residentMemory(cgroup, now) }
      stats.processCount = UInt64((try? cgroup.processes(recursive: true))?.count ?? 0)
      let owner = record.id.rawValue
      if !record.usesHostNetwork, let usage = (try? network?.statistics(owner: owner)) ?? (try? cni?.statistics(owner: owner)) {
        stats.networkTimestamp = now
        stats.interfaces = [
          NetworkInterfaceUsage(
            name: usage.name, rxBytes: usage.rxBytes, rxErrors: usage.rxErrors, txBytes: usage.txBytes, txErrors: usage.txErrors)
        ]
      }
      stats.containers = running
      return stats
    }
  }
}

/// Without the memory controller: what the processes have resident, shared pages counted for each.
func residentMemory(_ cgroup: Cgroup, _ now: Int64) -> MemoryUsage? {
  ProcessUsage.residentBytes(cgroup).map { MemoryUsage(timestamp: now, workingSet: $0, usage: $0, rss: $0) }
}

extension CPURate {
  /// The usage with its rate.
  mutating func note(_ usage: CPUUsage?) -> CPUUsage? {
    guard var usage, let used = usage.usageCoreNanoSeconds else { return usage }
    usage.usageNanoCores = note(used, at: monotonicNanoseconds())
    return usage
  }
}

extension CgroupStats {
  func cpu(_ now: Int64) -> CPUUsage? {
    guard let cpu else { return nil }
    return CPUUsage(timestamp: now, usageCoreNanoSeconds: cpu.usageMicroseconds * 1000, psi: cpuPressure.map(PSIStats.init))
  }

  /// Working set is usage less inactive file pages; available only under a limit. Source: CRI MemoryUsage.
  func memory(_ now: Int64) -> MemoryUsage? {
    guard let memory else { return nil }
    let workingSet = memory.current > memory.inactiveFile ? memory.current - memory.inactiveFile : 0
    return MemoryUsage(
      timestamp: now, workingSet: workingSet, available: memory.max.map { $0 > workingSet ? $0 - workingSet : 0 },
      usage: memory.current, rss: memory.anonymous, pageFaults: memory.pageFaults, majorPageFaults: memory.majorPageFaults,
      psi: memoryPressure.map(PSIStats.init))
  }

  func swap(_ now: Int64) -> SwapUsage? {
    guard let memory, let current = memory.swapCurrent else { return nil }
    return SwapUsage(timestamp: now, available: memory.swapMax.map { $0 > current ? $0 - current : 0 }, usage: current)
  }

  var ioPressure: PSIStats? { io.map(PSIStats.init) }
}
