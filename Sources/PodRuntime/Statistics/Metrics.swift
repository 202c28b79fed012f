import Cgroups
import Images
import LinuxSystem
import PodNetwork
public import RuntimeAPI
import Synchronization

extension PodRuntime {
  public func listMetricDescriptors() async throws(RuntimeError) -> [MetricDescriptor] {
    let (hasPressure, hasHugePages) = (Self.measuresPressure, !hugePageSizes.isEmpty)
    return MetricFamily.all.filter { family in
      switch family.needs {
      case .nothing: true
      case .pressure: hasPressure
      case .hugePages: hasHugePages
      }
    }.map(\.descriptor)
  }

  /// Of every ready sandbox and its running containers. What costs more than a few small files, which is what containers wrote, is a
  /// sample of the last seconds.
  public func listPodSandboxMetrics() async throws(RuntimeError) -> [SandboxMetrics] {
    let ready = try await listPodSandboxes(SandboxFilter(state: .ready))
    let sandboxes = state.withLock { state in ready.compactMap { state.sandboxes[$0.id] } }
    // One disk, and one list of its names, for all.
    let node = await runBlocking { [self] in
      NodeSample(
        fileSystem: (try? FileSystemFacts.at("\(settings.rootDirectory)/containers")) ?? FileSystemFacts(),
        pressure: Self.measuresPressure, hugePageSizes: hugePageSizes)
    }
    return await sideBySide(sandboxes) { [self] in await metrics($0, node) }
  }

  /// What is the same for every container of a call.
  private struct NodeSample: Sendable {
    let fileSystem: FileSystemFacts
    let pressure: Bool
    let hugePageSizes: [String]
  }

  private func metrics(_ sandbox: Sandbox, _ node: NodeSample) async -> SandboxMetrics {
    let running = containers(of: sandbox.id).filter { $0.machine.state == .running }
    let record = sandbox.record
    let owner = sandbox.id.rawValue
    let bridged = record.usesHostNetwork ? nil : try? await network?.statistics(owner: owner)
    let plugged = record.usesHostNetwork || bridged != nil ? nil : try? await cni?.statistics(owner: owner)
    let traffic = bridged ?? plugged
    return await runBlocking { [self] in
      var pod = MetricWriter(sandbox: record, timestamp: wallClockNanoseconds())
      if let traffic { pod.add(traffic) }
      let metrics = running.map { container in
        var sample = ContainerSample(
          of: container, cgroups.cgroup(container.record.cgroup), firstProcess: container.machine.pid,
          fileSystem: node.fileSystem, hugePageSizes: node.hugePageSizes)
        sample.writableBytes = (try? images.snapshotUsage(owner: container.id.rawValue, maximumAge: Self.diskSampleAge))?.bytes ?? 0
        var writer = MetricWriter(sandbox: record, container: container.record, timestamp: sample.timestamp)
        writer.add(sample, pressure: node.pressure)
        return ContainerMetrics(id: container.id, metrics: writer.metrics)
      }
      return SandboxMetrics(id: record.id, metrics: pod.metrics, containers: metrics)
    }
  }

  private static var measuresPressure: Bool { FileFacts.at("/proc/pressure/cpu") != nil }

  /// As the kernel spells them in cgroup files; none without the controller.
  private var hugePageSizes: [String] {
    guard cgroups.controllers.contains(.hugetlb) else { return [] }
    return ((try? listDirectory("/sys/kernel/mm/hugepages")) ?? []).compactMap(HugePageSize.cgroupName).sorted()
  }
}
