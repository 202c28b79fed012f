public import Cgroups
public import Images
import LinuxRuntime
import LinuxSystem
public import Logging
public import PodNetwork
public import RuntimeAPI
import ShimCore
public import Store
import Synchronization

/// The built-in container runtime: sandboxes and containers as the CRI knows them, made from namespaces, cgroups and a podshim per pod.
///
/// It owns their state. What a sandbox or container is made as is in its record, in the database and beside podshim's socket; what became
/// of it, podshim knows first (`Recovery`).
public final class PodRuntime: ContainerRuntime {
  public static let runtimeName = "swiftlet"

  let state = Mutex(Registry())
  let settings: PodRuntimeSettings
  let records: Records
  let journal: Journal
  /// Of containers that only the files beside podshim explained, however the database took that.
  let regainedSpecs = Mutex<[ContainerID: StoredSpec]>([:])
  let execs = Mutex(Recent<ContainerID, ExecIngredients>(capacity: 128))
  let images: ImageService
  /// nil: only host-network pods run.
  let network: BridgeNetwork?
  /// In charge of pods that come as long as it has a configuration.
  let cni: CNINetwork?
  let cgroups: CgroupRoot
  let kernel: KernelFeatures
  let seccomp = SeccompCompiler()
  let appArmor: AppArmor
  /// passwd and group of images, by image id.
  let users = Mutex<[String: UserDatabase]>([:])
  let podshim: SealedExecutable
  let userNamespaces: UserNamespaceSupport
  let hub = EventHub()
  /// Log lines that were lost, for one reader; nobody reads: the last thousand reports wait.
  public let logLosses: AsyncStream<LogLoss>
  let losses: AsyncStream<LogLoss>.Continuation
  let logger: Logger
  let version: String
  let traces: StartTraces
  /// A container was started or a sandbox removed.
  let worked: @Sendable () -> Void
  /// Records that could not be read at start: shown by doctor.
  let unreadable = Mutex<[NodeLeak]>([])
  /// Opens when every pod of an earlier agent is what its podshim says, or is known to be silent.
  let recovered = Latch()
  /// Opens when nothing runs that no record explains.
  let strangersEnded = Latch()

  /// Opens the runtime; call `recover()` before anything else is asked of it: calls wait for it.
  public init(
    settings: PodRuntimeSettings, store: Store, images: ImageService, network: BridgeNetwork?, cni: CNINetwork? = nil,
    cgroups: CgroupRoot,
    version: String, traces: StartTraces = StartTraces(), worked: @escaping @Sendable () -> Void = {}, logger: Logger
  ) throws(RuntimeError) {
    self.settings = settings
    self.images = images
    self.network = network
    self.cni = cni
    self.cgroups = cgroups
    self.version = version
    self.traces = traces
    self.worked = worked
    self.logger = logger
    records = Records(store, reserve: SpaceReserve(path: "\(settings.rootDirectory)/reserve"))
    journal = Journal(logger: logger)
    (logLosses, losses) = AsyncStream.makeStream(of: LogLoss.self, bufferingPolicy: .bufferingNewest(1000))
    kernel = KernelFeatures.probe()
    userNamespaces = UserNamespaceSupport(layers: images.layersDirectory, scratch: settings.rootMountPoint)
    appArmor = AppArmor(isEnabled: kernel.appArmor, paths: .init(text: "\(settings.stateDirectory)/apparmor-default"))
    do {
      podshim = try SealedExecutable(copying: settings.podshimPath)
      try makeDirectory(settings.stateDirectory, mode: 0o711)
      try makeDirectory("\(settings.stateDirectory)/sandboxes", mode: 0o700)
      try makeDirectory(settings.rootMountPoint, mode: 0o700)
    } catch {
      throw RuntimeError(.internalError, "cannot start the runtime", cause: error)
    }
    journal.setWriter { [weak self] subjects in try await self?.write(subjects) }
  }

  private func write(_ subjects: Set<Journal.Subject>) async throws {
    try await records.write { [self] transaction in
      for subject in subjects {
        switch subject {
        case .container(let id):
          guard let container = state.withLock({ $0.containers[id] }), let record = container.stateRecord else { continue }
          try records.put(record, of: id, in: container.sandboxID, transaction)
        case .sandbox(let id):
          guard let record = state.withLock({ $0.sandboxes[id] })?.stateRecord else { continue }
          try records.put(record, of: id, transaction)
        }
      }
    }
  }

  // MARK: Look-up

  /// The sandbox with this id or unique prefix; nil when there is none. Waits until it is known what an earlier agent's podshim says.
  func findSandbox(_ id: SandboxID) async throws(RuntimeError) -> Sandbox? {
    guard let sandbox = try one(state.withLock { $0.sandbox(id.rawValue) }, "sandbox", id.rawValue) else { return nil }
    try await wait(for: sandbox.settled)
    return sandbox
  }

  func sandbox(_ id: SandboxID) async throws(RuntimeError) -> Sandbox {
    if let sandbox = try await findSandbox(id) { return sandbox }
    throw RuntimeError(.notFound, "no sandbox \(id)")
  }

  /// As `findSandbox`.
  func findContainer(_ id: ContainerID) async throws(RuntimeError) -> Container? {
    guard let container = try one(state.withLock { $0.container(id.rawValue) }, "container", id.rawValue) else { return nil }
    if let sandbox = state.withLock({ $0.sandboxes[container.sandboxID] }) { try await wait(for: sandbox.settled) }
    return container
  }

  func container(_ id: ContainerID) async throws(RuntimeError) -> Container {
    if let container = try await findContainer(id) { return container }
    throw RuntimeError(.notFound, "no container \(id)")
  }

  /// Waits for a part of the start, which takes a moment.
  func wait(for latch: Latch) async throws(RuntimeError) {
    guard await latch.wait() else { throw RuntimeError(.cancelled, "the caller gave up while the runtime started") }
  }

  private func one<Value>(_ match: Identifier.Match<Value>, _ what: String, _ text: String) throws(RuntimeError) -> Value? {
    switch match {
    case .none: return nil
    case .one(let value): return value
    case .many: throw RuntimeError(.invalidArgument, "\(what) id \(text) is the beginning of several ids: give more digits")
    }
  }

  /// Those being created among them.
  func containers(of sandbox: SandboxID) -> [Container] { state.withLock { $0.containers(of: sandbox) } }

  // MARK: Events

  public func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent> { hub.subscribe() }

  /// Gives a container's events their place in the order; `hub.deliver` sends them. Made before the container's lock is taken and called
  /// under it: look-ups ask containers while they hold the registry's lock, so nothing may ask the registry while it holds a container's.
  func publisher(of container: Container) -> (RuntimeEvent.Kind) -> Void {
    let sandbox = state.withLock { $0.sandboxes[container.sandboxID] }
    return { [self] kind in
      if let sandbox { enqueue(kind, id: container.id.rawValue, sandbox: sandbox) }
    }
  }

  func publish(_ kind: RuntimeEvent.Kind, sandbox: Sandbox) { enqueue(kind, id: sandbox.id.rawValue, sandbox: sandbox) }

  private func enqueue(_ kind: RuntimeEvent.Kind, id: String, sandbox: Sandbox) {
    let time = wallClockNanoseconds()
    hub.enqueue { [weak self] sequence in
      guard let self else { return nil }
      return RuntimeEvent(
        kind: kind, containerID: id, sandboxID: sandbox.id, createdAt: time, sandbox: sandboxStatus(sandbox),
        containers: visibleContainers(of: sandbox.id).map(containerStatus), sequence: sequence)
    }
  }

  func visibleContainers(of sandbox: SandboxID) -> [Container] { containers(of: sandbox).filter { $0.machine.isVisible } }
}
