import Cgroups
import LinuxRuntime
import LinuxSystem
import Logging
import PodNetwork
public import RuntimeAPI
import ShimCore
import Store
import Synchronization

extension PodRuntime {
  /// Source: CRI RunPodSandbox. Idempotent by metadata: a retry joins the creation under way or gets its result.
  public func runPodSandbox(_ config: SandboxConfig, handler: String) async throws(RuntimeError) -> SandboxID {
    try validate(config, handler: handler)
    let key = SandboxRecord.key(config.metadata)
    let task = try state.withLock { (state) throws(RuntimeError) in
      if let id = state.sandboxKeys[key] {
        guard state.sandboxes[id]?.record.phase == .ready else {
          throw RuntimeError(
            .alreadyExists, "sandbox \(id) has these metadata and has stopped: remove it first, or ask for another attempt")
        }
        return Task<SandboxID, any Error> { id }
      }
      if let task = state.running[key] { return task }
      // Not tied to the caller: when it gives up, the creation still ends in a sandbox or in nothing, and a retry gets that.
      let task = Task<SandboxID, any Error> { [self] in
        defer { self.state.withLock { _ = $0.running.removeValue(forKey: key) } }
        return try await createSandbox(config, handler: handler, key: key)
      }
      state.running[key] = task
      return task
    }
    do {
      return try await task.value
    } catch {
      throw error as? RuntimeError ?? RuntimeError(.internalError, "RunPodSandbox failed", cause: error)
    }
  }

  private func validate(_ config: SandboxConfig, handler: String) throws(RuntimeError) {
    if !handler.isEmpty, handler != Self.runtimeName {
      throw RuntimeError(.invalidArgument, "unknown runtime handler \(handler): this runtime has \"\" and \(Self.runtimeName)")
    }
    if config.metadata.name.isEmpty || config.metadata.namespace.isEmpty || config.metadata.uid.isEmpty {
      throw RuntimeError(.invalidArgument, "sandbox metadata needs name, namespace and uid")
    }
    let namespaces = config.securityContext.namespaces
    if namespaces.pid == .target || namespaces.network == .target || namespaces.ipc == .target {
      throw RuntimeError(.invalidArgument, "namespace mode TARGET is not possible for a sandbox")
    }
    if let user = namespaces.user, user.mode != .node {
      throw RuntimeError(.invalidArgument, "user namespaces are not supported yet by this runtime")
    }
    if namespaces.network != .node, network == nil {
      throw RuntimeError(.failedPrecondition, "pod networking is off on this node: only hostNetwork pods can run")
    }
    try checkLines(config)
    // A sandbox with the host's network has the host's UTS namespace too.
    let own = namespaces.network != .node
    let policy = SysctlPolicy(ownNetwork: own, ownIPC: namespaces.ipc != .node, ownUTS: own)
    for name in config.sysctls.keys.sorted() {
      if let reason = policy.refusal(of: name) { throw RuntimeError(.invalidArgument, reason) }
    }
  }

  private func createSandbox(_ config: SandboxConfig, handler: String, key: String) async throws -> SandboxID {
    let id = SandboxID(Identifier.random())
    let undo = Undo()
    do {
      let sandbox = try await buildSandbox(id, config, handler: handler, undo: undo)
      state.withLock { state in
        state.sandboxes[id] = sandbox
        state.sandboxKeys[key] = id
      }
      publish(.created, sandbox: sandbox)
      publish(.started, sandbox: sandbox)
      return id
    } catch {
      let failures = await undo.unwind()
      if !failures.isEmpty {
        logger.error("Sandbox clean-up incomplete", metadata: ["sandbox.id": "\(id)", "failures": "\(failures)"])
      }
      throw runtimeError(error, "cannot make the sandbox of pod \(config.metadata.namespace)/\(config.metadata.name)")
    }
  }

  /// Makes everything a sandbox is. Each step pushes what takes it back.
  private func buildSandbox(
    _ id: SandboxID, _ config: SandboxConfig, handler: String, undo: Undo
  ) async throws -> Sandbox {
    let directory = settings.sandboxDirectory(id.rawValue)
    let ownsParent = config.cgroupParent.isEmpty
    let parent = cgroupPath(ownsParent ? "/swiftlet/\(id)" : config.cgroupParent)
    var record = SandboxRecord(
      id: id, config: config, handler: handler, createdAt: wallClockNanoseconds(), phase: .creating,
      cgroup: "\(parent)/\(id)", cgroupParent: parent, ownsCgroupParent: ownsParent)
    let hostNetwork = record.usesHostNetwork

    // The ledger and the record first, in one transaction: whatever happens next, the next start knows what to look for.
    try Faults.check(.sandboxRecord)
    var planned: [Ledger.Entry] = [
      .init(.directory, directory, owner: id.rawValue), .init(.cgroup, record.cgroup, owner: id.rawValue),
      .init(.shim, directory, owner: id.rawValue),
    ]
    if ownsParent { planned.append(.init(.cgroup, parent, owner: id.rawValue)) }
    if !hostNetwork, let network { planned.append(.init(.link, network.plannedLinkName(owner: id.rawValue), owner: id.rawValue)) }
    let initial = record
    let entries = planned
    try store.transaction { transaction in
      try ledger.record(entries, in: transaction)
      try sandboxRecords.put(initial, id: id.rawValue, key: SandboxRecord.key(config.metadata), in: transaction)
    }
    undo.push("forget sandbox \(id)") { [self] in try forgetSandbox(id, entries) }

    // Namespace and addresses come from a blocking thread while the directory, the cgroup and podshim are made here.
    async let attachment = attachNetwork(id, config)
    let prepared: (shim: ShimConnection, process: PidFD, sandbox: Sandbox, cgroup: SharedDescriptor)
    do {
      prepared = try startShim(id, record, directory: directory, undo: undo)
    } catch {
      if (try? await attachment) != nil, let network { try? await network.detach(owner: id.rawValue) }
      throw error
    }
    let attached = try await attachment
    if attached != nil, let network {
      undo.push("network of \(id)") {
        try await runBlocking { () throws(PodNetworkError) in try network.detach(owner: id.rawValue) }
      }
    }

    try Faults.check(.shimHello)
    let hello = try await prepared.shim.call(.hello(version: ShimProtocol.version))
    guard case .hello(_, let pid) = hello.reply else { throw ShimError.gone }
    record.shimPID = pid

    try Faults.check(.pauseSpawn)
    let program = try pauseProgram(config, hasNamespace: attached != nil)
    var request = SpawnRequest(id: "", program: SetupProgram.encode(program.operations))
    program.fill(&request)
    request.exitRecordPath = "pause.exit"
    var descriptors: [SharedDescriptor] = []
    if let attached { descriptors.append(attached.namespace) }
    request.cgroupSlot = Int16(descriptors.count)
    descriptors.append(prepared.cgroup)
    _ = try await prepared.shim.spawn(request, descriptors: descriptors, program: program.operations, command: ["pause"])

    try Faults.check(.sandboxReady)
    if let attached { record.addresses = attached.addresses }
    record.phase = .ready
    try save(record)
    let final = record
    _ = prepared.sandbox.update { $0 = final }
    prepared.sandbox.namespace = attached?.namespace
    watchShim(prepared.process, prepared.shim, of: prepared.sandbox)
    return prepared.sandbox
  }

  private func attachNetwork(_ id: SandboxID, _ config: SandboxConfig) async throws -> PodNetworkAttachment? {
    guard config.securityContext.namespaces.network != .node, let network else { return nil }
    let ports = config.portMappings.filter { $0.hostPort > 0 }.map(Self.hostPort)
    return try await runBlocking { () throws(PodNetworkError) in try network.attach(owner: id.rawValue, portMappings: ports) }
  }

  private static func hostPort(_ mapping: PortMapping) -> HostPortMapping {
    let transports: [TransportProtocol: HostPortMapping.Transport] = [.tcp: .tcp, .udp: .udp, .sctp: .sctp]
    return HostPortMapping(
      transport: transports[mapping.transport] ?? .tcp, hostPort: UInt16(clamping: mapping.hostPort),
      containerPort: UInt16(clamping: mapping.containerPort), hostIP: mapping.hostIP)
  }

  /// The sandbox's directory with its files, its cgroup, and podshim in it.
  private func startShim(
    _ id: SandboxID, _ record: SandboxRecord, directory: String, undo: Undo
  ) throws -> (shim: ShimConnection, process: PidFD, sandbox: Sandbox, cgroup: SharedDescriptor) {
    try Faults.check(.sandboxDirectory)
    try writeSandboxFiles(record.config, directory: directory)
    undo.push("directory \(directory)") { try removeTree(directory) }

    try Faults.check(.sandboxCgroup)
    let leaf = cgroups.cgroup(record.cgroup)
    try cgroups.cgroup(record.cgroupParent).create()
    if record.ownsCgroupParent {
      undo.push("cgroup \(record.cgroupParent)") { [cgroups] in try cgroups.cgroup(record.cgroupParent).remove() }
    }
    try leaf.create()
    undo.push("cgroup \(record.cgroup)") { try leaf.remove() }
    let cgroup = try leaf.open()

    try Faults.check(.shimSpawn)
    let (ours, theirs) = try UnixStream.pair()
    let process = try podshim.spawn(arguments: ["podshim", directory], cgroup: cgroup, socket: try theirs.duplicate())
    undo.push("podshim of \(id)") {
      try process.signal(9)
      try await process.waitForExit()
    }
    let sandbox = Sandbox(record)
    let shim = try ShimConnection(ours) { [weak self, weak sandbox] event in
      guard let self, let sandbox else { return }
      handle(event, of: sandbox)
    }
    sandbox.shim = shim
    return (shim, process, sandbox, cgroup)
  }

  private func forgetSandbox(_ id: SandboxID, _ entries: [Ledger.Entry]) throws {
    try store.transaction { transaction in
      try ledger.forget(entries, in: transaction)
      try sandboxRecords.remove(id.rawValue, in: transaction)
    }
  }

  /// A path below the cgroup v2 mount, with the configured root in front.
  func cgroupPath(_ path: String) -> String {
    settings.cgroupRoot == "/" || path.hasPrefix(settings.cgroupRoot + "/") ? path : settings.cgroupRoot + path
  }
}
