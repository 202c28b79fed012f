package import RuntimeAPI
import Synchronization

/// The runtime itself, its events, its images and its numbers.
extension FakeRuntime {
  package func version() async throws(RuntimeError) -> RuntimeVersion {
    try await query("version") { () throws(RuntimeError) in RuntimeVersion(runtimeName: "fake", runtimeVersion: "1.0.0") }
  }

  package func status(verbose: Bool) async throws(RuntimeError) -> RuntimeStatus {
    try await query("runtimeStatus") { () throws(RuntimeError) in
      RuntimeStatus(
        conditions: [RuntimeCondition(type: "RuntimeReady", status: true), RuntimeCondition(type: "NetworkReady", status: true)],
        handlers: [RuntimeHandlerInfo(recursiveReadOnlyMounts: true)], supplementalGroupsPolicy: true,
        info: verbose ? ["config": #"{"root":"/nowhere"}"#] : [:])
    }
  }

  package func cgroupDriver() async throws(RuntimeError) -> CgroupDriver { state.withLock { $0.driver } }
  package func updateRuntimeConfig(podCIDR: String) async throws(RuntimeError) { state.withLock { $0.podCIDR = podCIDR } }

  package func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent> {
    try await query("events") { () throws(RuntimeError) in
      let (stream, continuation) = AsyncStream.makeStream(of: RuntimeEvent.self)
      state.withLock { $0.watchers.append(continuation) }
      return stream
    }
  }

  // MARK: Images

  static func image(_ state: State, _ reference: String) -> ImageInfo? { state.images.first { matches($0, reference) } }

  private static func matches(_ image: ImageInfo, _ reference: String) -> Bool {
    image.id.rawValue.hasPrefix(reference) || image.id.rawValue.hasPrefix("sha256:" + reference)
      || image.repoTags.contains(reference) || image.repoDigests.contains(reference)
  }

  package func listImages(_ reference: String) async throws(RuntimeError) -> [ImageInfo] {
    try await query("listImages") { () throws(RuntimeError) in
      state.withLock { state in state.images.filter { reference.isEmpty || Self.matches($0, reference) } }
    }
  }

  package func imageStatus(
    _ reference: String, verbose: Bool
  ) async throws(RuntimeError) -> (image: ImageInfo, info: [String: String])? {
    try await query("imageStatus") { () throws(RuntimeError) in
      state.withLock { Self.image($0, reference) }.map { ($0, verbose ? ["info": "{}"] : [:]) }
    }
  }

  package func pullImage(_ image: ImageSpec, auth: RegistryAuth?, sandbox: SandboxConfig?) async throws(RuntimeError) -> ImageID {
    try await command("pull", image.image) { () throws(RuntimeError) in
      guard let registry = state.withLock({ $0.registry }) else {
        throw RuntimeError(.unimplemented, "this runtime does not pull images")
      }
      guard registry.contains(image.image) else { throw RuntimeError(.notFound, "the registry has no \(image.image)") }
      removeImageNamed(image.image)
      addImage(image.image)
      return ImageID("sha256:\(image.image)")
    }
  }

  package func removeImage(_ reference: String) async throws(RuntimeError) {
    try await command("removeImage", reference) { () throws(RuntimeError) in
      removeImageNamed(reference)
    }
  }

  private func removeImageNamed(_ reference: String) {
    state.withLock { state in state.images.removeAll { Self.matches($0, reference) } }
  }

  package func imageFilesystemInfo() async throws(RuntimeError) -> ImageFilesystemInfo {
    ImageFilesystemInfo(images: [FilesystemUsage(timestamp: now(), mountpoint: "/var/lib/fake", usedBytes: 1, inodesUsed: 1)])
  }

  // MARK: Numbers

  package func containerStats(_ id: ContainerID) async throws(RuntimeError) -> ContainerStats {
    stats(of: try change { state throws(RuntimeError) in try Self.container(state, id) })
  }

  package func listContainerStats(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerStats] {
    let running = try await listContainers(filter).filter { $0.state == .running }
    return state.withLock { state in running.compactMap { state.containers[$0.id.rawValue] } }.map(stats)
  }

  private func stats(of status: ContainerStatus) -> ContainerStats {
    ContainerStats(
      id: status.id, metadata: status.metadata, labels: status.labels, annotations: status.annotations,
      cpu: CPUUsage(timestamp: now(), usageCoreNanoSeconds: 5_000_000, usageNanoCores: 1000, psi: PSIStats()),
      memory: MemoryUsage(timestamp: now(), workingSet: 65536, usage: 131072, rss: 4096, pageFaults: 7, majorPageFaults: 1),
      swap: SwapUsage(timestamp: now(), available: 0, usage: 0),
      io: PSIStats(some: PSIData(average10: 1.5, totalNanoseconds: 9)),
      writableLayer: FilesystemUsage(timestamp: now(), mountpoint: "/var/lib/fake", usedBytes: 4096, inodesUsed: 3))
  }

  package func podSandboxStats(_ id: SandboxID) async throws(RuntimeError) -> SandboxStats {
    let status = try change { state throws(RuntimeError) in try Self.sandbox(state, id) }
    return SandboxStats(
      id: status.id, metadata: status.metadata, labels: status.labels, cpu: CPUUsage(timestamp: now(), usageCoreNanoSeconds: 9),
      memory: MemoryUsage(timestamp: now(), workingSet: 1), networkTimestamp: now(),
      interfaces: [NetworkInterfaceUsage(name: "eth0", rxBytes: 1, txBytes: 2)], processCount: 2,
      containers: try await listContainerStats(ContainerFilter(sandboxID: status.id.rawValue)))
  }

  package func listPodSandboxStats(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxStats] {
    var all: [SandboxStats] = []
    for summary in try await listPodSandboxes(filter) where summary.state == .ready {
      all.append(try await podSandboxStats(summary.id))
    }
    return all
  }

  package func listMetricDescriptors() async throws(RuntimeError) -> [MetricDescriptor] {
    [MetricDescriptor(name: "container_last_seen", help: "Last time the container was seen.", labelKeys: ["pod"])]
  }

  package func listPodSandboxMetrics() async throws(RuntimeError) -> [SandboxMetrics] {
    try await listPodSandboxes(SandboxFilter(state: .ready)).map { sandbox in
      let metric = Metric(
        name: "container_last_seen", timestamp: now(), kind: .gauge, labelValues: [sandbox.metadata.name], value: 7)
      return SandboxMetrics(
        id: sandbox.id, metrics: [metric], containers: [ContainerMetrics(id: ContainerID("c"), metrics: [metric])])
    }
  }
}
