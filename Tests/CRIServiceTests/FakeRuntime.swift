import RuntimeAPI

/// A runtime of values: sandboxes and containers with the states and errors CRI demands, and no processes.
actor FakeRuntime: ContainerRuntime {
  private var sandboxes: [SandboxID: SandboxStatus] = [:]
  private(set) var sandboxConfigs: [SandboxID: SandboxConfig] = [:]
  private var containers: [ContainerID: ContainerStatus] = [:]
  private(set) var containerConfigs: [ContainerID: ContainerConfig] = [:]
  private var images: [ImageInfo]
  private var observers: [AsyncStream<RuntimeEvent>.Continuation] = []
  private var clock: Int64 = 1_700_000_000_000_000_000
  private var nextID: UInt64 = 1
  /// Calls of execSync whose task was cancelled.
  private(set) var cancelledExecs = 0
  private(set) var podCIDR = ""

  init() {
    images = [
      ImageInfo(
        id: ImageID("sha256:" + String(repeating: "ab", count: 32)), repoTags: ["localhost/busybox:1"],
        repoDigests: ["localhost/busybox@sha256:" + String(repeating: "cd", count: 32)], size: 1_234_567, pinned: false)
    ]
  }

  private func tick() -> Int64 {
    clock += 1_000_000
    return clock
  }

  private func newID() -> String {
    nextID += 1
    let digits = String(nextID &* 0x9E37_79B9_7F4A_7C15, radix: 16)
    return digits + String(repeating: "0", count: 64 - digits.count)
  }

  private func sandbox(_ id: SandboxID) throws(RuntimeError) -> SandboxStatus {
    let found = sandboxes.filter { $0.key.rawValue.hasPrefix(id.rawValue) }
    guard found.count == 1, let status = found.first?.value else {
      throw RuntimeError(.notFound, "no sandbox \(id)")
    }
    return status
  }

  private func container(_ id: ContainerID) throws(RuntimeError) -> ContainerStatus {
    let found = containers.filter { $0.key.rawValue.hasPrefix(id.rawValue) }
    guard found.count == 1, let status = found.first?.value else {
      throw RuntimeError(.notFound, "no container \(id)")
    }
    return status
  }

  private func publish(_ kind: RuntimeEvent.Kind, _ id: String, in sandbox: SandboxID) {
    let event = RuntimeEvent(
      kind: kind, containerID: id, sandboxID: sandbox, createdAt: tick(), sandbox: sandboxes[sandbox],
      containers: containers.values.filter { $0.sandboxID == sandbox })
    for observer in observers { observer.yield(event) }
  }

  // MARK: Runtime

  func version() -> RuntimeVersion { RuntimeVersion(runtimeName: "fake", runtimeVersion: "1.0.0") }

  func status(verbose: Bool) -> RuntimeStatus {
    RuntimeStatus(
      conditions: [RuntimeCondition(type: "RuntimeReady", status: true), RuntimeCondition(type: "NetworkReady", status: true)],
      handlers: [RuntimeHandlerInfo(recursiveReadOnlyMounts: true)], supplementalGroupsPolicy: true,
      info: verbose ? ["config": #"{"root":"/nowhere"}"#] : [:])
  }

  func cgroupDriver() -> CgroupDriver { .cgroupfs }
  func updateRuntimeConfig(podCIDR: String) { self.podCIDR = podCIDR }

  // MARK: Sandboxes

  func runPodSandbox(_ config: SandboxConfig, handler: String) throws(RuntimeError) -> SandboxID {
    guard handler.isEmpty else { throw RuntimeError(.invalidArgument, "unknown runtime handler \"\(handler)\"") }
    if let existing = sandboxes.first(where: { $0.value.metadata == config.metadata }) { return existing.key }
    let id = SandboxID(newID())
    sandboxConfigs[id] = config
    sandboxes[id] = SandboxStatus(
      id: id, metadata: config.metadata, state: .ready, createdAt: tick(), ip: "10.88.0.\(sandboxes.count + 2)",
      additionalIPs: ["fd00::\(sandboxes.count + 2)"], namespaces: config.securityContext.namespaces, labels: config.labels,
      annotations: config.annotations)
    publish(.created, id.rawValue, in: id)
    publish(.started, id.rawValue, in: id)
    return id
  }

  func stopPodSandbox(_ id: SandboxID) {
    guard let status = try? sandbox(id), status.state == .ready else { return }
    for container in containers.values where container.sandboxID == status.id { stopContainer(container.id, timeout: 0) }
    sandboxes[status.id]?.state = .notReady
    sandboxes[status.id]?.ip = ""
    sandboxes[status.id]?.additionalIPs = []
    publish(.stopped, status.id.rawValue, in: status.id)
  }

  func removePodSandbox(_ id: SandboxID) {
    guard let status = try? sandbox(id) else { return }
    stopPodSandbox(status.id)
    for container in containers.values where container.sandboxID == status.id { removeContainer(container.id) }
    sandboxes[status.id] = nil
    publish(.deleted, status.id.rawValue, in: status.id)
  }

  func podSandboxStatus(_ id: SandboxID, verbose: Bool) throws(RuntimeError) -> (status: SandboxStatus, info: [String: String]) {
    (try sandbox(id), verbose ? ["info": #"{"pid":4711}"#] : [:])
  }

  func listPodSandboxes(_ filter: SandboxFilter) -> [SandboxSummary] {
    sandboxes.values
      .filter { status in
        status.id.rawValue.hasPrefix(filter.id) && (filter.state == nil || filter.state == status.state)
          && filter.labels.allSatisfy { status.labels[$0.key] == $0.value }
      }
      .sorted { $0.createdAt < $1.createdAt }
      .map { status in
        SandboxSummary(
          id: status.id, metadata: status.metadata, state: status.state, createdAt: status.createdAt, labels: status.labels,
          annotations: status.annotations)
      }
  }

  // MARK: Containers

  func createContainer(
    _ config: ContainerConfig, in sandbox: SandboxID, sandboxConfig: SandboxConfig
  ) throws(RuntimeError) -> ContainerID {
    let owner = try self.sandbox(sandbox)
    guard owner.state == .ready else { throw RuntimeError(.failedPrecondition, "sandbox \(owner.id) is not ready") }
    guard let image = try imageStatus(config.image.image, verbose: false)?.image else {
      throw RuntimeError(.notFound, "image \(config.image.image) is not here: pull or import it first")
    }
    let id = ContainerID(newID())
    containerConfigs[id] = config
    let directory = sandboxConfigs[owner.id]?.logDirectory ?? ""
    containers[id] = ContainerStatus(
      id: id, sandboxID: owner.id, metadata: config.metadata, state: .created, createdAt: tick(), image: config.image,
      imageRef: image.id.rawValue, imageID: image.id.rawValue, labels: config.labels, annotations: config.annotations,
      mounts: config.mounts, logPath: config.logPath.isEmpty ? "" : "\(directory)/\(config.logPath)",
      resources: config.resources, user: ContainerUser(uid: 0, gid: 0, supplementalGroups: [0]), stopSignal: 23)
    publish(.created, id.rawValue, in: owner.id)
    return id
  }

  func startContainer(_ id: ContainerID) throws(RuntimeError) {
    let status = try container(id)
    guard status.state == .created else {
      throw RuntimeError(.failedPrecondition, "container \(status.id) is \(status.state), only a created one starts")
    }
    containers[status.id]?.state = .running
    containers[status.id]?.startedAt = tick()
    publish(.started, status.id.rawValue, in: status.sandboxID)
  }

  func stopContainer(_ id: ContainerID, timeout: Int64) {
    guard let status = try? container(id), status.state == .running else { return }
    containers[status.id]?.state = .exited
    containers[status.id]?.finishedAt = tick()
    containers[status.id]?.exitCode = 143
    containers[status.id]?.reason = "Error"
    publish(.stopped, status.id.rawValue, in: status.sandboxID)
  }

  func removeContainer(_ id: ContainerID) {
    guard let status = try? container(id) else { return }
    stopContainer(status.id, timeout: 0)
    containers[status.id] = nil
    publish(.deleted, status.id.rawValue, in: status.sandboxID)
  }

  func containerStatus(_ id: ContainerID, verbose: Bool) throws(RuntimeError) -> (status: ContainerStatus, info: [String: String]) {
    (try container(id), verbose ? ["info": #"{"pid":4712}"#] : [:])
  }

  func listContainers(_ filter: ContainerFilter) -> [ContainerSummary] {
    containers.values
      .filter { status in
        status.id.rawValue.hasPrefix(filter.id) && (filter.state == nil || filter.state == status.state)
          && status.sandboxID.rawValue.hasPrefix(filter.sandboxID)
          && filter.labels.allSatisfy { status.labels[$0.key] == $0.value }
      }
      .sorted { $0.createdAt < $1.createdAt }
      .map { status in
        ContainerSummary(
          id: status.id, sandboxID: status.sandboxID, metadata: status.metadata, image: status.image, imageRef: status.imageRef,
          imageID: status.imageID, state: status.state, createdAt: status.createdAt, labels: status.labels,
          annotations: status.annotations)
      }
  }

  func updateContainerResources(_ id: ContainerID, _ resources: LinuxResources) throws(RuntimeError) {
    containers[try container(id).id]?.resources = resources
  }

  func reopenContainerLog(_ id: ContainerID) throws(RuntimeError) {
    guard try container(id).state == .running else { throw RuntimeError(.failedPrecondition, "container \(id) does not run") }
  }

  /// `true`, `false`, `echo WORDS`, `sleep SECONDS`, `bytes COUNT`.
  func execSync(_ id: ContainerID, command: [String], timeout: Int64) async throws(RuntimeError) -> ExecResult {
    guard try container(id).state == .running else { throw RuntimeError(.failedPrecondition, "container \(id) does not run") }
    switch command[0] {
    case "true", "/bin/true": return ExecResult()
    case "false": return ExecResult(stderr: Array("failed\n".utf8), exitCode: 1)
    case "echo": return ExecResult(stdout: Array((command.dropFirst().joined(separator: " ") + "\n").utf8))
    case "bytes": return ExecResult(stdout: [UInt8](repeating: 0x61, count: Int(command[1]) ?? 0))
    case "sleep":
      let seconds = Int64(command[1]) ?? 0
      do { try await Task.sleep(for: .seconds(timeout > 0 ? min(timeout, seconds) : seconds)) } catch {
        cancelledExecs += 1
        throw RuntimeError(.cancelled, "the caller is gone; sleep was killed")
      }
      if timeout > 0, timeout < seconds { throw RuntimeError(.deadlineExceeded, "sleep did not end within \(timeout) s") }
      return ExecResult()
    default: throw RuntimeError(.unknown, "\(command[0]): no such file in the image – 100 % sure\nsecond line")
    }
  }

  // MARK: Stats

  func containerStats(_ id: ContainerID) throws(RuntimeError) -> ContainerStats { stats(of: try container(id)) }

  func listContainerStats(_ filter: ContainerFilter) -> [ContainerStats] {
    listContainers(filter).compactMap { containers[$0.id] }.filter { $0.state == .running }.map(stats)
  }

  private func stats(of status: ContainerStatus) -> ContainerStats {
    ContainerStats(
      id: status.id, metadata: status.metadata, labels: status.labels, annotations: status.annotations,
      cpu: CPUUsage(timestamp: tick(), usageCoreNanoSeconds: 5_000_000, usageNanoCores: 1000, psi: PSIStats()),
      memory: MemoryUsage(timestamp: tick(), workingSet: 65536, usage: 131072, rss: 4096, pageFaults: 7, majorPageFaults: 1),
      swap: SwapUsage(timestamp: tick(), available: 0, usage: 0), io: PSIStats(some: PSIData(average10: 1.5, totalNanoseconds: 9)),
      writableLayer: FilesystemUsage(timestamp: tick(), mountpoint: "/var/lib/fake", usedBytes: 4096, inodesUsed: 3))
  }

  func podSandboxStats(_ id: SandboxID) throws(RuntimeError) -> SandboxStats {
    let status = try sandbox(id)
    return SandboxStats(
      id: status.id, metadata: status.metadata, labels: status.labels, cpu: CPUUsage(timestamp: tick(), usageCoreNanoSeconds: 9),
      memory: MemoryUsage(timestamp: tick(), workingSet: 1), networkTimestamp: tick(),
      interfaces: [NetworkInterfaceUsage(name: "eth0", rxBytes: 1, txBytes: 2)], processCount: 2,
      containers: listContainerStats(ContainerFilter(sandboxID: status.id.rawValue)))
  }

  func listPodSandboxStats(_ filter: SandboxFilter) throws(RuntimeError) -> [SandboxStats] {
    var all: [SandboxStats] = []
    for summary in listPodSandboxes(filter) where summary.state == .ready { all.append(try podSandboxStats(summary.id)) }
    return all
  }

  func events() -> AsyncStream<RuntimeEvent> {
    let (stream, continuation) = AsyncStream.makeStream(of: RuntimeEvent.self, bufferingPolicy: .bufferingNewest(100))
    observers.append(continuation)
    return stream
  }

  // MARK: Images

  func listImages(_ reference: String) -> [ImageInfo] {
    reference.isEmpty ? images : images.filter { matches($0, reference) }
  }

  func imageStatus(_ reference: String, verbose: Bool) throws(RuntimeError) -> (image: ImageInfo, info: [String: String])? {
    images.first { matches($0, reference) }.map { ($0, verbose ? ["info": "{}"] : [:]) }
  }

  private func matches(_ image: ImageInfo, _ reference: String) -> Bool {
    image.id.rawValue.hasPrefix(reference) || image.id.rawValue.hasPrefix("sha256:" + reference)
      || image.repoTags.contains(reference) || image.repoDigests.contains(reference)
  }

  func pullImage(_ image: ImageSpec, auth: RegistryAuth?, sandbox: SandboxConfig?) throws(RuntimeError) -> ImageID {
    throw RuntimeError(.unknown, "RegistryUnavailable: no registry for \(image.image)")
  }

  func removeImage(_ reference: String) { images.removeAll { matches($0, reference) } }

  func imageFilesystemInfo() -> ImageFilesystemInfo {
    ImageFilesystemInfo(images: [FilesystemUsage(timestamp: tick(), mountpoint: "/var/lib/fake", usedBytes: 1, inodesUsed: 1)])
  }
}
