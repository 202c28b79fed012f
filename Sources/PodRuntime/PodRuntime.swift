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
/// It owns their state. Every record is written before the thing it describes is made and removed after it is gone, so that a killed
/// agent finds out at its next start what it has (`Recovery`).
public final class PodRuntime: ContainerRuntime {
  public static let runtimeName = "swiftlet"

  struct State {
    var sandboxes: [SandboxID: Sandbox] = [:]
    var containers: [ContainerID: Container] = [:]
    /// Creations under way, by idempotency key: a retry joins.
    var running: [String: Task<SandboxID, any Error>] = [:]
    var creating: [String: Task<ContainerID, any Error>] = [:]
    /// Keys of finished creations.
    var sandboxKeys: [String: SandboxID] = [:]
    var containerKeys: [String: ContainerID] = [:]
  }
  let state = Mutex(State())

  let settings: PodRuntimeSettings
  let store: Store
  let sandboxRecords: Collection<SandboxRecord>
  let containerRecords: Collection<ContainerRecord>
  let specRecords: Collection<StoredSpec>
  let specs = Mutex<[ContainerID: StoredSpec]>([:])
  let ledger: Ledger
  let images: ImageService
  /// nil: only host-network pods run.
  let network: BridgeNetwork?
  let cgroups: CgroupRoot
  let kernel: KernelFeatures
  let seccomp = SeccompCompiler()
  let appArmor: AppArmor
  /// Compiles the usual filters ahead of the first pod.
  let warming = Mutex<Task<Void, Never>?>(nil)
  /// passwd and group of images, by image id.
  let users = Mutex<[String: UserDatabase]>([:])
  let podshim: SealedExecutable
  let hub = EventHub()
  /// Commands running by ExecSync, by exec id.
  let execs = Mutex<[String: ExecWaiter]>([:])
  let logger: Logger
  let version: String

  /// Opens the runtime; call `recover()` before anything else is asked of it.
  public init(
    settings: PodRuntimeSettings, store: Store, images: ImageService, network: BridgeNetwork?, cgroups: CgroupRoot, version: String,
    logger: Logger
  ) throws(RuntimeError) {
    self.settings = settings
    self.store = store
    self.images = images
    self.network = network
    self.cgroups = cgroups
    self.version = version
    self.logger = logger
    sandboxRecords = Collection("sandbox", in: store)
    containerRecords = Collection("container", in: store)
    specRecords = Collection("container-spec", in: store)
    ledger = Ledger(in: store)
    kernel = KernelFeatures.probe()
    appArmor = AppArmor(isEnabled: kernel.appArmor, stateDirectory: settings.stateDirectory)
    do {
      podshim = try SealedExecutable(copying: settings.podshimPath)
      try makeDirectory(settings.stateDirectory, mode: 0o711)
      try makeDirectory("\(settings.stateDirectory)/sandboxes", mode: 0o700)
      try makeDirectory(settings.rootMountPoint, mode: 0o700)
    } catch {
      throw RuntimeError(.internalError, "cannot start the runtime", cause: error)
    }
  }

  // MARK: Look-up

  /// The sandbox with this id or unique prefix; nil when there is none.
  func findSandbox(_ id: SandboxID) throws(RuntimeError) -> Sandbox? {
    try find(id.rawValue, "sandbox", state.withLock { $0.sandboxes.map { (key: $0.key.rawValue, value: $0.value) } })
  }

  func sandbox(_ id: SandboxID) throws(RuntimeError) -> Sandbox {
    if let sandbox = try findSandbox(id) { return sandbox }
    throw RuntimeError(.notFound, "no sandbox \(id)")
  }

  func findContainer(_ id: ContainerID) throws(RuntimeError) -> Container? {
    try find(id.rawValue, "container", state.withLock { $0.containers.map { (key: $0.key.rawValue, value: $0.value) } })
  }

  func container(_ id: ContainerID) throws(RuntimeError) -> Container {
    if let container = try findContainer(id) { return container }
    throw RuntimeError(.notFound, "no container \(id)")
  }

  private func find<Value>(_ text: String, _ what: String, _ values: [(key: String, value: Value)]) throws(RuntimeError) -> Value? {
    switch Identifier.match(text, in: values) {
    case .none: return nil
    case .one(let value): return value
    case .many: throw RuntimeError(.invalidArgument, "\(what) id \(text) is the beginning of several ids: give more digits")
    }
  }

  func containers(of sandbox: SandboxID) -> [Container] {
    state.withLock { state in state.containers.values.filter { $0.sandboxID == sandbox } }
  }

  // MARK: Records

  func save(_ record: SandboxRecord) throws(RuntimeError) {
    do {
      try sandboxRecords.put(record, id: record.id.rawValue, key: SandboxRecord.key(record.config.metadata))
    } catch {
      throw RuntimeError(.internalError, "cannot save sandbox \(record.id)", cause: error)
    }
  }

  func save(_ record: ContainerRecord) throws(RuntimeError) {
    do {
      try containerRecords.put(
        record, id: record.id.rawValue, key: ContainerRecord.key(sandbox: record.sandboxID, record.config.metadata),
        parent: record.sandboxID.rawValue)
    } catch {
      throw RuntimeError(.internalError, "cannot save container \(record.id)", cause: error)
    }
  }

  // MARK: Events

  public func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent> { hub.subscribe() }

  func publish(_ kind: RuntimeEvent.Kind, container: Container) {
    guard let sandbox = state.withLock({ $0.sandboxes[container.sandboxID] }) else { return }
    publish(kind, id: container.id.rawValue, sandbox: sandbox)
  }

  func publish(_ kind: RuntimeEvent.Kind, sandbox: Sandbox) { publish(kind, id: sandbox.id.rawValue, sandbox: sandbox) }

  private func publish(_ kind: RuntimeEvent.Kind, id: String, sandbox: Sandbox) {
    guard hub.hasSubscribers else { return }
    hub.publish(
      RuntimeEvent(
        kind: kind, containerID: id, sandboxID: sandbox.id, createdAt: wallClockNanoseconds(), sandbox: sandboxStatus(sandbox),
        containers: containers(of: sandbox.id).map { containerStatus($0.record) }))
  }
}
