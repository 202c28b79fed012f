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
    try await validate(config, handler: handler)
    let key = SandboxRecord.key(config.metadata)
    // Nothing of an earlier agent runs beside the new pod, and one that this agent can still reach is the answer.
    try await wait(for: strangersEnded)
    if let known = state.withLock({ $0.sandbox(named: key) }) { try await wait(for: known.settled) }
    enum Way { case existing(SandboxID), task(Task<SandboxID, any Error>) }
    let way = try state.withLock { (state) throws(RuntimeError) -> Way in
      if let creation = state.running[key] {
        guard creation.config == config else { throw Self.otherConfig("sandbox", "\(key), which is being made,") }
        return .task(creation.task)
      }
      if let existing = state.sandbox(named: key) {
        guard existing.machine.phase == .ready else {
          throw RuntimeError(
            .alreadyExists,
            "sandbox \(existing.id) has these metadata and is \(existing.machine.word): remove it first, or ask for another attempt"
          )
        }
        guard existing.record.config == config else { throw Self.otherConfig("sandbox", existing.id.rawValue) }
        return .existing(existing.id)
      }
      guard state.makesSandboxes else { throw RuntimeError(.unavailable, "the agent is stopping: it makes no more sandboxes") }
      // Not tied to the caller: when it gives up, the creation still ends in a sandbox or in nothing, and a retry gets that.
      let task = Task<SandboxID, any Error> { [self] in
        defer { self.state.withLock { _ = $0.running.removeValue(forKey: key) } }
        return try await createSandbox(config, handler: handler)
      }
      state.running[key] = .init(config: config, task: task)
      return .task(task)
    }
    switch way {
    case .existing(let id): return id
    case .task(let task):
      do {
        return try await task.value
      } catch {
        throw error as? RuntimeError ?? RuntimeError(.internalError, "RunPodSandbox failed", cause: error)
      }
    }
  }

  /// From now on no sandbox is made; none is being made when it returns. Who ends every pod of the node then sees all of them: a creation
  /// goes on without its caller.
  public func endCreations() async {
    let underway = state.withLock { state in
      state.makesSandboxes = false
      return state.running.values.map(\.task)
    }
    for creation in underway { _ = await creation.result }
  }

  private func createSandbox(_ config: SandboxConfig, handler: String) async throws -> SandboxID {
    let undo = Undo()
    let uid = config.metadata.uid
    traces.beginSandbox(config.metadata)
    do {
      let sandbox = try await traces.measure(.runPodSandbox, uid) {
        try await buildSandbox(config, handler: handler, undo: undo)
      }
      state.withLock { $0.add(sandbox) }
      records.sandboxesChanged()
      guard apply(.ready, to: sandbox).phase == .ready else {
        state.withLock { $0.remove(sandbox) }
        throw RuntimeError(.unknown, "the pod's pause process ended as soon as it ran")
      }
      return sandbox.id
    } catch {
      let failures = await undo.unwind()
      if !failures.isEmpty {
        logger.error("Sandbox clean-up incomplete", metadata: ["pod.uid": "\(config.metadata.uid)", "failures": "\(failures)"])
      }
      throw runtimeError(error, "cannot make the sandbox of pod \(config.metadata.namespace)/\(config.metadata.name)")
    }
  }

  /// Makes everything a sandbox is. Each step pushes what takes it back.
  private func buildSandbox(_ config: SandboxConfig, handler: String, undo: Undo) async throws -> Sandbox {
    let id = SandboxID(Identifier.random())
    let ownsParent = config.cgroupParent.isEmpty
    let parent = ownsParent ? "\(Self.ownParent(settings))/\(id)" : Self.absolute(config.cgroupParent)
    var record = SandboxRecord(
      id: id, config: config, handler: handler, createdAt: wallClockNanoseconds(), cgroup: "\(parent)/\(id)", cgroupParent: parent,
      ownsCgroupParent: ownsParent)
    try Faults.check(.sandboxRecord)
    let sandbox = Sandbox(record, journal: journal)

    if try UserMapping(config.securityContext.namespaces.user) != nil {
      return try await buildMapped(sandbox, record, undo: undo)
    }
    // The network comes from a blocking thread while the directory, the cgroup and podshim are made on another.
    async let attachment = attachNetwork(id, config)
    let started: (link: ShimLink, cgroup: SharedDescriptor)
    do {
      started = try await startShim(sandbox, undo: undo)
    } catch {
      if (try? await attachment) != nil { await detachNetwork(id) }
      throw error
    }
    let attached = try await attachment
    if attached != nil { undo.push("network of \(id)") { [self] in await detachNetwork(id) } }
    (record.addresses, record.isMade) = (attached?.addresses ?? [], true)

    try Faults.check(.shimHello)
    undo.push("rows of \(id)") { [records] in try await records.release { try records.remove(id, $0) } }
    let final = record
    async let saved: Void = traces.measure(.rows, config.metadata.uid) { try await save(final) }
    let pid: Int32
    do {
      pid = try await traces.measure(.pause, config.metadata.uid) { try await startPause(config, started, attached?.namespace) }
    } catch {
      _ = try? await saved
      throw error
    }
    try await saved
    try Faults.check(.sandboxReady)
    record.config.wire = WireForm()
    sandbox.setRecord(record)
    sandbox.pausePID = pid
    sandbox.namespace = attached?.namespace
    return sandbox
  }

  /// The one transaction of a creation, and the same beside podshim's socket, for an agent that finds no database.
  func save(_ record: SandboxRecord) async throws {
    let (records, path, bytes) = (records, recordFile(of: record.id), try record.bytes())
    try await records.write { transaction in try records.put(record, transaction) }
    try await runBlocking { () throws(SystemCallError) in try writePrivateFile(path, bytes) }
  }

  func recordFile(of id: SandboxID) -> String { "\(settings.sandboxDirectory(id.rawValue))/\(SandboxRecord.file)" }

  // MARK: Network

  func attachNetwork(
    _ id: SandboxID, _ config: SandboxConfig, _ namespace: SharedDescriptor? = nil
  ) async throws -> PodNetworkAttachment? {
    guard config.securityContext.namespaces.network != .node else { return nil }
    var request = Self.attachRequest(id, config)
    request.namespace = namespace
    let wanted = request
    // Pods keep what they have: only those that come see another configuration.
    if let cni, await cni.isInCharge() {
      return try await traces.measure(.network, config.metadata.uid) { try await cni.attach(wanted) }
    }
    guard let network else { return nil }
    // One that is not there in time is taken back by the network itself when it comes: the undo must not overtake it.
    return try await traces.measure(.network, config.metadata.uid) {
      try await network.attach(wanted)
    }
  }

  /// Undoing must go on, but not in silence.
  func detachNetwork(_ id: SandboxID) async {
    do { try await giveBackNetwork(of: id.rawValue) } catch {
      logger.error("Network not given back", metadata: ["sandbox.id": "\(id)", "error": "\(error)"])
    }
  }

  /// Of whichever network made it. Idempotent.
  func giveBackNetwork(of owner: String) async throws {
    let isOfPlugins = await runBlocking { [cni] in cni?.has(owner) == true }
    if isOfPlugins { try await cni?.detach(owner: owner) }
    guard let network else { return }
    try await records.releasing {
      try Faults.check(.networkDetach)
      try network.detach(owner: owner)
      try Faults.check(.networkDetach, .after)
    }
  }

  private static func attachRequest(_ id: SandboxID, _ config: SandboxConfig) -> PodNetwork.AttachRequest {
    var request = PodNetwork.AttachRequest(owner: id.rawValue, portMappings: hostPorts(config))
    let metadata = config.metadata
    (request.pod.namespace, request.pod.name, request.pod.uid) = (metadata.namespace, metadata.name, metadata.uid)
    (request.pod.annotations, request.pod.cgroup) = (config.annotations, config.cgroupParent)
    request.pod.dns = config.dns.map { NetworkPod.DNS(servers: $0.servers, searches: $0.searches, options: $0.options) }
    return request
  }

  static func hostPorts(_ config: SandboxConfig) -> [HostPortMapping] {
    config.portMappings.filter { $0.hostPort > 0 }.map(hostPort)
  }

  private static func hostPort(_ mapping: PortMapping) -> HostPortMapping {
    let transports: [TransportProtocol: HostPortMapping.Transport] = [.tcp: .tcp, .udp: .udp, .sctp: .sctp]
    return HostPortMapping(
      transport: transports[mapping.transport] ?? .tcp, hostPort: UInt16(clamping: mapping.hostPort),
      containerPort: UInt16(clamping: mapping.containerPort), hostIP: mapping.hostIP)
  }

  // MARK: podshim

  /// The sandbox's directory with its files, its cgroup, and podshim in it.
  func startShim(_ sandbox: Sandbox, undo: Undo) async throws -> (link: ShimLink, cgroup: SharedDescriptor) {
    let (record, directory) = (sandbox.record, settings.sandboxDirectory(sandbox.id.rawValue))
    var laps = StartLaps(traces, record.config.metadata.uid)
    undo.push("directory \(directory)", isRecord: true) {
      try await runBlocking { () throws(SystemCallError) in try removeTree(directory) }
    }
    let (leaf, parent) = (cgroups.cgroup(record.cgroup), cgroups.cgroup(record.cgroupParent))
    undo.push("cgroups of \(sandbox.id)") {
      try await runBlocking(.ending) { () throws(CgroupError) in
        try leaf.remove()
        if record.ownsCgroupParent { try parent.remove() } else { try parent.removeIfEmpty() }
      }
    }
    let bytes = try record.bytes()
    let podshim = podshim
    let made = try await runBlocking { [self] () throws(any Error) -> (UnixStream, SharedDescriptor, SharedDescriptor) in
      try Faults.check(.sandboxDirectory)
      try writeSandboxFiles(record.config, directory: directory)
      try Faults.check(.sandboxDirectory, .middle)
      // Before anything it names exists: the next start knows what to look for.
      try writePrivateFile(recordFile(of: record.id), bytes)
      try Faults.check(.sandboxDirectory, .after)
      try Faults.check(.sandboxCgroup)
      try parent.create()
      try Faults.check(.sandboxCgroup, .middle)
      try leaf.create()
      try Faults.check(.sandboxCgroup, .after)
      let (ours, theirs) = try UnixStream.pair()
      return (ours, theirs, try leaf.open())
    }
    laps.lap(.sandboxFiles)
    try Faults.check(.shimSpawn)
    let link = makeLink(sandbox)
    sandbox.link = link
    undo.push("link of \(sandbox.id)") { sandbox.takeLink()?.close() }
    // Its first frame waits for podshim already.
    try link.begin(made.0)
    let (theirs, cgroup) = (made.1, made.2)
    let process = try await runBlocking { () throws(SystemCallError) in
      try podshim.spawn(arguments: ["podshim", directory], cgroup: cgroup, socket: try theirs.duplicate())
    }
    undo.push("podshim of \(sandbox.id)") {
      _ = sandbox.takeLink()
      try process.signal(9)
      _ = await link.ended.wait(atMost: ShimLink.callTimeout)
    }
    link.watch(process)
    try Faults.check(.shimSpawn, .after)
    laps.lap(.podshim)
    return (link, cgroup)
  }

  /// The process that holds the pod's namespaces.
  func startPause(
    _ config: SandboxConfig, _ shim: (link: ShimLink, cgroup: SharedDescriptor), _ network: SharedDescriptor?
  ) async throws -> Int32 {
    try Faults.check(.pauseSpawn)
    let program = try pauseProgram(config, hasNamespace: network != nil)
    var request = SpawnRequest(id: "", program: SetupProgram.encode(program.operations))
    program.fill(&request)
    request.exitRecordPath = "pause.exit"
    var descriptors: [SharedDescriptor] = []
    if let network { descriptors.append(network) }
    request.cgroupSlot = Int16(descriptors.count)
    descriptors.append(shim.cgroup)
    let answer = try await shim.link.spawn(request, descriptors: descriptors, program: program.operations, command: ["pause"])
    guard case .spawned(let pid) = answer.reply else { throw RuntimeError(.internalError, "podshim's answer is not understood") }
    try Faults.check(.pauseSpawn, .after)
    return pid
  }

  /// Where sandboxes go whose request names no place.
  static func ownParent(_ settings: PodRuntimeSettings) -> String {
    (settings.cgroupRoot == "/" ? "" : absolute(settings.cgroupRoot)) + "/swiftlet"
  }

  /// A path below the cgroup v2 mount. Without the configured root in front: a kubelet has its own, and says the whole path.
  private static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "/" + path }
}
