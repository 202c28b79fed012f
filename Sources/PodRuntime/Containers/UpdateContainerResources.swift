import Cgroups
import LinuxSystem
public import RuntimeAPI

extension PodRuntime {
  /// Source: CRI UpdateContainerResources. 0 and empty mean unchanged; also valid before the start. All or nothing: the old values are
  /// written back when one is refused. The OOM score is that of every process the container has, and of those it gets by exec.
  public func updateContainerResources(_ id: ContainerID, _ resources: LinuxResources) async throws(RuntimeError) {
    let container = try await container(id)
    try RequestBounds.check(resources)
    try await container.gate.pass { () async throws(RuntimeError) in
      let record = container.record
      guard !container.machine.hasEnded else {
        throw RuntimeError(.failedPrecondition, "container \(record.id) has stopped: its resources cannot change")
      }
      let old = container.resources
      let merged = Self.merge(old ?? LinuxResources(), resources)
      let (before, new) = (CgroupResources(SpecBuilder.resources(old)), CgroupResources(SpecBuilder.resources(merged)))
      let missing = cgroups.missing(for: new)
      if !missing.isEmpty {
        throw RuntimeError(
          .failedPrecondition,
          "the node has no cgroup v2 controller \(missing.map { "\($0)" }.joined(separator: ", ")) for this limit")
      }
      let (cgroup, available) = (cgroups.cgroup(record.cgroup), cgroups.controllers)
      let (oldScore, score) = (old?.oomScoreAdjust ?? 0, merged.oomScoreAdjust)
      let mustAdjust = kernel.canRaiseLimits
      let file = "\(settings.sandboxDirectory(record.sandboxID.rawValue))/\(ContainerStateRecord.file(of: record.id))"
      let bytes = try ContainerStateRecord(resources: merged).bytes()
      do {
        try await runBlocking {
          do {
            try cgroup.apply(new, available: available)
            if score != oldScore {
              // As at the start: without CAP_SYS_RESOURCE a score can only be raised.
              do { try cgroup.adjustOOMScore(score) } catch { if mustAdjust { throw error } }
            }
            // podshim knows nothing of it, should the database be lost.
            try writePrivateFile(file, bytes)
          } catch {
            try? cgroup.apply(before, available: available)
            if score != oldScore { try? cgroup.adjustOOMScore(oldScore) }
            throw error
          }
        }
      } catch {
        throw runtimeError(error, "cannot change the resources of container \(record.config.metadata.name)")
      }
      container.setResources(merged)
      // It is done, and the file says so: the row, should it not be written now, is written later.
      try? await journal.flush()
    }
  }

  static func merge(_ old: LinuxResources, _ new: LinuxResources) -> LinuxResources {
    func number(_ old: Int64, _ new: Int64) -> Int64 { new != 0 ? new : old }
    func text(_ old: String, _ new: String) -> String { new.isEmpty ? old : new }
    return LinuxResources(
      cpuPeriod: number(old.cpuPeriod, new.cpuPeriod), cpuQuota: number(old.cpuQuota, new.cpuQuota),
      cpuShares: number(old.cpuShares, new.cpuShares), memoryLimit: number(old.memoryLimit, new.memoryLimit),
      memorySwapLimit: number(old.memorySwapLimit, new.memorySwapLimit),
      oomScoreAdjust: number(old.oomScoreAdjust, new.oomScoreAdjust), cpusetCPUs: text(old.cpusetCPUs, new.cpusetCPUs),
      cpusetMemoryNodes: text(old.cpusetMemoryNodes, new.cpusetMemoryNodes),
      hugepageLimits: new.hugepageLimits.isEmpty ? old.hugepageLimits : new.hugepageLimits,
      unified: old.unified.merging(new.unified) { $1 })
  }
}
