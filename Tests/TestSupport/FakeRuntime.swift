import Foundation
package import RuntimeAPI
package import Synchronization

/// A container runtime in memory: sandboxes, containers, events, idempotent calls, and failures on demand. A container runs until
/// the test ends it or it is stopped.
package final class FakeRuntime: ContainerRuntime {
  package struct State {
    package var sandboxes: [String: SandboxStatus] = [:]
    package var containers: [String: RuntimeAPI.ContainerStatus] = [:]
    package var images: Set<String> = []
    package var next = 1
    package var calls: [String] = []
    package var failures: [String: [RuntimeError]] = [:]
    package var watchers: [AsyncStream<RuntimeEvent>.Continuation] = []
    /// Containers that ignore the stop signal and are killed.
    package var execResults: [String: Int32] = [:]
    package var configs: [String: ContainerConfig] = [:]
    package var stopTimeouts: [String: Int64] = [:]
  }
  package let state = Mutex(State())
  package let now: @Sendable () -> Int64

  package init(images: Set<String> = ["busybox"], now: @escaping @Sendable () -> Int64) {
    self.now = now
    state.withLock { $0.images = images }
  }

  // What tests use.
  package var calls: [String] { state.withLock { $0.calls } }
  package func failNext(_ call: String, _ error: RuntimeError) { state.withLock { $0.failures[call, default: []].append(error) } }
  package func container(_ name: String) -> RuntimeAPI.ContainerStatus? {
    state.withLock { state in
      state.containers.values.filter { $0.metadata.name == name }.max { $0.metadata.attempt < $1.metadata.attempt }
    }
  }
  package func running(_ name: String) -> RuntimeAPI.ContainerStatus? {
    container(name).flatMap { $0.state == .running ? $0 : nil }
  }

  package func exit(_ name: String, code: Int32) {
    let now = now()
    let event = state.withLock { state -> RuntimeEvent? in
      guard let id = state.containers.values.first(where: { $0.metadata.name == name && $0.state == .running })?.id.rawValue else {
        return nil
      }
      return Self.end(&state, id, code: code, now: now)
    }
    if let event { publish(event) }
  }

  package func killSandbox() {
    let now = now()
    let events = state.withLock { state -> [RuntimeEvent] in
      var events: [RuntimeEvent] = []
      for id in Array(state.sandboxes.keys) where state.sandboxes[id]!.state == .ready {
        state.sandboxes[id]!.state = .notReady
        for container in state.containers.values where container.sandboxID.rawValue == id && container.state == .running {
          events.append(Self.end(&state, container.id.rawValue, code: 137, now: now))
        }
        events.append(
          RuntimeEvent(kind: .stopped, containerID: id, sandboxID: SandboxID(id), createdAt: now, sandbox: state.sandboxes[id]))
      }
      return events
    }
    events.forEach(publish)
  }

  package func addImage(_ name: String) { state.withLock { _ = $0.images.insert(name) } }
  package func dropWatchers() { state.withLock { $0.watchers = [] } }

  private static func end(_ state: inout State, _ id: String, code: Int32, now: Int64) -> RuntimeEvent {
    state.containers[id]!.state = .exited
    state.containers[id]!.exitCode = code
    state.containers[id]!.finishedAt = now
    state.containers[id]!.reason = code == 0 ? "Completed" : "Error"
    let status = state.containers[id]!
    return RuntimeEvent(
      kind: .stopped, containerID: id, sandboxID: status.sandboxID, createdAt: now,
      sandbox: state.sandboxes[status.sandboxID.rawValue],
      containers: [status])
  }

  private func publish(_ event: RuntimeEvent) {
    for watcher in state.withLock({ $0.watchers }) { watcher.yield(event) }
  }

  private func enter(_ call: String, _ subject: String) throws(RuntimeError) {
    let error = state.withLock { state -> RuntimeError? in
      state.calls.append("\(call) \(subject)")
      guard var queue = state.failures[call], !queue.isEmpty else { return nil }
      let error = queue.removeFirst()
      state.failures[call] = queue
      return error
    }
    if let error { throw error }
  }

  package func version() async throws(RuntimeError) -> RuntimeVersion { RuntimeVersion(runtimeName: "fake", runtimeVersion: "1") }
  package func status(verbose: Bool) async throws(RuntimeError) -> RuntimeStatus { RuntimeStatus(conditions: []) }
  package func cgroupDriver() async throws(RuntimeError) -> CgroupDriver { .cgroupfs }
  package func updateRuntimeConfig(podCIDR: String) async throws(RuntimeError) {}

  package func runPodSandbox(_ config: SandboxConfig, handler: String) async throws(RuntimeError) -> SandboxID {
    try enter("runSandbox", "\(config.metadata.name)/\(config.metadata.attempt)")
    let now = now()
    return state.withLock { state in
      if let old = state.sandboxes.values.first(where: { $0.metadata == config.metadata }) { return old.id }
      let id = SandboxID("s\(state.next)")
      state.next += 1
      state.sandboxes[id.rawValue] = SandboxStatus(
        id: id, metadata: config.metadata, state: .ready, createdAt: now, ip: "10.0.0.\(state.next)", labels: config.labels)
      return id
    }
  }

  package func stopPodSandbox(_ id: SandboxID) async throws(RuntimeError) {
    try enter("stopSandbox", id.rawValue)
    let now = now()
    let events = state.withLock { state -> [RuntimeEvent] in
      var events: [RuntimeEvent] = []
      for container in state.containers.values where container.sandboxID == id && container.state == .running {
        events.append(Self.end(&state, container.id.rawValue, code: 137, now: now))
      }
      state.sandboxes[id.rawValue]?.state = .notReady
      return events
    }
    events.forEach(publish)
  }

  package func removePodSandbox(_ id: SandboxID) async throws(RuntimeError) {
    try enter("removeSandbox", id.rawValue)
    state.withLock { state in
      state.sandboxes[id.rawValue] = nil
      state.containers = state.containers.filter { $0.value.sandboxID != id }
    }
  }

  package func podSandboxStatus(_ id: SandboxID, verbose: Bool) async throws(RuntimeError) -> (
    status: SandboxStatus, info: [String: String]
  ) {
    guard let status = state.withLock({ $0.sandboxes[id.rawValue] }) else { throw RuntimeError(.notFound, "no sandbox \(id)") }
    return (status, [:])
  }

  package func listPodSandboxes(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxSummary] {
    state.withLock { state in
      state.sandboxes.values.filter { sandbox in filter.labels.allSatisfy { sandbox.labels[$0.key] == $0.value } }.map {
        SandboxSummary(id: $0.id, metadata: $0.metadata, state: $0.state, createdAt: $0.createdAt, labels: $0.labels)
      }
    }
  }

  package func createContainer(
    _ config: ContainerConfig, in sandbox: SandboxID, sandboxConfig: SandboxConfig
  ) async throws(RuntimeError) -> ContainerID {
    try enter("create", "\(config.metadata.name)/\(config.metadata.attempt)")
    let now = now()
    return state.withLock { state in
      if let old = state.containers.values.first(where: { $0.metadata == config.metadata && $0.sandboxID == sandbox }) {
        return old.id
      }
      let id = ContainerID("c\(state.next)")
      state.next += 1
      state.configs[id.rawValue] = config
      state.containers[id.rawValue] = RuntimeAPI.ContainerStatus(
        id: id, sandboxID: sandbox, metadata: config.metadata, state: .created, createdAt: now, image: config.image,
        labels: config.labels, annotations: config.annotations)
      return id
    }
  }

  package func startContainer(_ id: ContainerID) async throws(RuntimeError) {
    let name = state.withLock { $0.containers[id.rawValue]?.metadata.name } ?? "?"
    try enter("start", name)
    let now = now()
    state.withLock { state in
      state.containers[id.rawValue]?.state = .running
      state.containers[id.rawValue]?.startedAt = now
    }
  }

  package func stopContainer(_ id: ContainerID, timeout: Int64) async throws(RuntimeError) {
    let name = state.withLock { $0.containers[id.rawValue]?.metadata.name } ?? "?"
    try enter("stop", name)
    let now = now()
    let event = state.withLock { state -> RuntimeEvent? in
      state.stopTimeouts[name] = timeout
      guard state.containers[id.rawValue]?.state == .running else { return nil }
      return Self.end(&state, id.rawValue, code: 143, now: now)
    }
    if let event { publish(event) }
  }

  package func removeContainer(_ id: ContainerID) async throws(RuntimeError) {
    try enter("remove", id.rawValue)
    state.withLock { _ = $0.containers.removeValue(forKey: id.rawValue) }
  }

  package func containerStatus(
    _ id: ContainerID, verbose: Bool
  ) async throws(RuntimeError) -> (status: RuntimeAPI.ContainerStatus, info: [String: String]) {
    guard let status = state.withLock({ $0.containers[id.rawValue] }) else { throw RuntimeError(.notFound, "no container \(id)") }
    return (status, [:])
  }

  package func listContainers(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerSummary] {
    state.withLock { state in
      state.containers.values.filter { container in filter.labels.allSatisfy { container.labels[$0.key] == $0.value } }.map {
        ContainerSummary(
          id: $0.id, sandboxID: $0.sandboxID, metadata: $0.metadata, image: $0.image, imageRef: "", imageID: "", state: $0.state,
          createdAt: $0.createdAt, labels: $0.labels)
      }
    }
  }

  package func updateContainerResources(_ id: ContainerID, _ resources: LinuxResources) async throws(RuntimeError) {}
  package func reopenContainerLog(_ id: ContainerID) async throws(RuntimeError) {}

  package func execSync(_ id: ContainerID, command: [String], timeout: Int64) async throws(RuntimeError) -> ExecResult {
    try enter("exec", command.joined(separator: " "))
    return ExecResult(exitCode: state.withLock { $0.execResults[command.first ?? ""] } ?? 0)
  }

  package func containerStats(_ id: ContainerID) async throws(RuntimeError) -> ContainerStats {
    throw RuntimeError(.unimplemented, "stats")
  }
  package func listContainerStats(_ filter: ContainerFilter) async throws(RuntimeError) -> [ContainerStats] { [] }
  package func podSandboxStats(_ id: SandboxID) async throws(RuntimeError) -> SandboxStats {
    throw RuntimeError(.unimplemented, "stats")
  }
  package func listPodSandboxStats(_ filter: SandboxFilter) async throws(RuntimeError) -> [SandboxStats] { [] }

  package func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent> {
    let (stream, continuation) = AsyncStream.makeStream(of: RuntimeEvent.self)
    state.withLock { $0.watchers.append(continuation) }
    return stream
  }

  package func listImages(_ reference: String) async throws(RuntimeError) -> [ImageInfo] { [] }
  package func imageStatus(_ reference: String, verbose: Bool) async throws(RuntimeError) -> (
    image: ImageInfo, info: [String: String]
  )? {
    state.withLock { $0.images.contains(reference) } ? (ImageInfo(id: ImageID("sha256:\(reference)"), size: 1), [:]) : nil
  }
  package func pullImage(_ image: ImageSpec, auth: RegistryAuth?, sandbox: SandboxConfig?) async throws(RuntimeError) -> ImageID {
    throw RuntimeError(.unimplemented, "this runtime does not pull images")
  }
  package func removeImage(_ reference: String) async throws(RuntimeError) {}
  package func imageFilesystemInfo() async throws(RuntimeError) -> ImageFilesystemInfo { ImageFilesystemInfo() }
}
