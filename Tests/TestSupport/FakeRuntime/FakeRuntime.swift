package import RuntimeAPI
package import Synchronization

/// A container runtime in memory: sandboxes and containers with the states, events and errors that the CRI demands, and no processes.
/// A container runs until the test ends it or it is stopped. Everything that goes wrong with a real runtime can be asked of it: see
/// `FakeRuntime+Troubles.swift`.
package final class FakeRuntime: ContainerRuntime {
  package struct State: Sendable {
    package var sandboxes: [String: SandboxStatus] = [:]
    package var sandboxConfigs: [SandboxID: SandboxConfig] = [:]
    package var containers: [String: ContainerStatus] = [:]
    package var containerConfigs: [ContainerID: ContainerConfig] = [:]
    package var images: [ImageInfo] = []
    /// What `pullImage` can bring; nil: this runtime does not pull.
    package var registry: Set<String>?
    /// Commands in their order, as "call subject"; queries are not among them.
    package var calls: [String] = []
    /// How often each query was asked.
    package var queries: [String: Int] = [:]
    package var podCIDR = ""
    package var driver = CgroupDriver.cgroupfs
    /// Exit codes of commands by their first word; others end with 0.
    package var execResults: [String: Int32] = [:]
    /// Calls of execSync whose task was cancelled.
    package var cancelledExecs = 0
    /// The last grace period by container name.
    package var stopTimeouts: [String: Int64] = [:]
    package var watchers: [AsyncStream<RuntimeEvent>.Continuation] = []
    package var troubles = Troubles()
    /// Calls that began or ended, queries and answers too: while it moves, somebody is at work.
    package var activity = 0
    var made: UInt64 = 0
    var ticks: Int64 = 1_700_000_000_000_000_000
  }
  package let state = Mutex(State())
  private let time: (@Sendable () -> Int64)?

  /// - Parameters:
  ///   - images: what is there; each is its own reference.
  ///   - now: CLOCK_REALTIME in nanoseconds; nil: a time that moves with each look.
  package init(images: Set<String> = ["busybox"], now: (@Sendable () -> Int64)? = nil) {
    time = now
    for image in images { addImage(image) }
  }

  package func now() -> Int64 {
    if let time { return time() }
    return state.withLock { state in
      state.ticks += 1_000_000
      return state.ticks
    }
  }

  // MARK: What tests look at

  package var calls: [String] { state.withLock { $0.calls } }
  package var sandboxConfigs: [SandboxID: SandboxConfig] { state.withLock { $0.sandboxConfigs } }
  package var containerConfigs: [ContainerID: ContainerConfig] { state.withLock { $0.containerConfigs } }
  package var cancelledExecs: Int { state.withLock { $0.cancelledExecs } }
  package var podCIDR: String { state.withLock { $0.podCIDR } }

  /// The newest container of this name.
  package func container(_ name: String) -> ContainerStatus? {
    state.withLock { state in
      state.containers.values.filter { $0.metadata.name == name }.max {
        ($0.metadata.attempt, $0.createdAt) < ($1.metadata.attempt, $1.createdAt)
      }
    }
  }
  package func running(_ name: String) -> ContainerStatus? { container(name).flatMap { $0.state == .running ? $0 : nil } }

  // MARK: What happens by itself

  package func addImage(_ name: String) {
    state.withLock { $0.images.append(ImageInfo(id: ImageID("sha256:\(name)"), repoTags: [name], size: 1)) }
  }

  /// The container's process ends.
  package func exit(_ name: String, code: Int32) {
    let now = now()
    let event = state.withLock { state -> RuntimeEvent? in
      let running = state.containers.values.first { $0.metadata.name == name && $0.state == .running }
      return running.map { Self.end(&state, $0.id.rawValue, code: code, now: now) }
    }
    if let event { publish(event) }
  }

  /// Every sandbox dies with its containers.
  package func killSandbox() {
    let now = now()
    let events = state.withLock { state in
      state.sandboxes.values.filter { $0.state == .ready }.flatMap { Self.end(&state, sandbox: $0.id, code: 137, now: now) }
    }
    events.forEach(publish)
  }

  // MARK: Changes

  static func end(_ state: inout State, _ id: String, code: Int32, now: Int64) -> RuntimeEvent {
    state.containers[id]?.state = .exited
    state.containers[id]?.exitCode = code
    state.containers[id]?.finishedAt = now
    state.containers[id]?.reason = code == 0 ? "Completed" : "Error"
    state.troubles.ended(id)
    return event(state, .stopped, id, in: state.containers[id]?.sandboxID ?? SandboxID(""), now: now)
  }

  /// The sandbox is dead before the ends of its containers are told.
  static func end(_ state: inout State, sandbox id: SandboxID, code: Int32, now: Int64) -> [RuntimeEvent] {
    let wasReady = state.sandboxes[id.rawValue]?.state == .ready
    state.sandboxes[id.rawValue]?.state = .notReady
    state.sandboxes[id.rawValue]?.ip = ""
    state.sandboxes[id.rawValue]?.additionalIPs = []
    let running = state.containers.values.filter { $0.sandboxID == id && $0.state == .running }
    var events = running.map { end(&state, $0.id.rawValue, code: code, now: now) }
    if wasReady { events.append(event(state, .stopped, id.rawValue, in: id, now: now)) }
    return events
  }

  static func event(_ state: State, _ kind: RuntimeEvent.Kind, _ id: String, in sandbox: SandboxID, now: Int64) -> RuntimeEvent {
    RuntimeEvent(
      kind: kind, containerID: id, sandboxID: sandbox, createdAt: now, sandbox: state.sandboxes[sandbox.rawValue],
      containers: state.containers.values.filter { $0.sandboxID == sandbox })
  }

  static func newID(_ state: inout State) -> String {
    state.made += 1
    let digits = String((state.made + 1) &* 0x9E37_79B9_7F4A_7C15, radix: 16)
    return digits + String(repeating: "0", count: 64 - digits.count)
  }

  /// By a prefix of the id, as the CRI allows.
  static func sandbox(_ state: State, _ id: SandboxID) throws(RuntimeError) -> SandboxStatus {
    let found = state.sandboxes.filter { $0.key.hasPrefix(id.rawValue) }
    guard found.count == 1, let status = found.first?.value else { throw RuntimeError(.notFound, "no sandbox \(id)") }
    return status
  }

  static func container(_ state: State, _ id: ContainerID) throws(RuntimeError) -> ContainerStatus {
    let found = state.containers.filter { $0.key.hasPrefix(id.rawValue) }
    guard found.count == 1, let status = found.first?.value else { throw RuntimeError(.notFound, "no container \(id)") }
    return status
  }

  /// A change under the lock, with its typed error.
  func change<R: Sendable>(_ body: (inout sending State) throws(RuntimeError) -> sending R) throws(RuntimeError) -> R {
    let result: Result<R, RuntimeError> = state.withLock { state in
      do throws(RuntimeError) { return .success(try body(&state)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
