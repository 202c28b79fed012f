import Cgroups
import Images
import LinuxRuntime
import LinuxSystem
import Logging
import OCISpec
public import RuntimeAPI
import ShimCore
import Store
import Synchronization

extension PodRuntime {
  /// Source: CRI CreateContainer. Idempotent by (sandbox, name, attempt): a retry joins the creation under way or gets its result.
  public func createContainer(
    _ config: ContainerConfig, in sandboxID: SandboxID, sandboxConfig: SandboxConfig
  ) async throws(RuntimeError) -> ContainerID {
    let sandbox = try await sandbox(sandboxID)
    try validate(config, in: sandbox)
    let key = ContainerRecord.key(sandbox: sandbox.id, config.metadata)
    let task = try state.withLock { (state) throws(RuntimeError) -> Task<ContainerID, any Error>? in
      if let creation = state.creating[key] {
        guard creation.config == config else { throw Self.otherConfig("container", "\(key), which is being made,") }
        return creation.task
      }
      if let existing = state.container(named: key) {
        if existing.machine.hasEnded {
          throw RuntimeError(
            .alreadyExists,
            "container \(existing.id) has this name and attempt and has ended: remove it first, or ask for another attempt")
        }
        guard existing.record.config == config else { throw Self.otherConfig("container", existing.id.rawValue) }
        return nil
      }
      // Not tied to the caller: when it gives up, the creation still ends in a container or in nothing, and a retry gets that.
      let task = Task<ContainerID, any Error> { [self] in
        defer { self.state.withLock { _ = $0.creating.removeValue(forKey: key) } }
        // Beside other creations, and never beside a stop or a removal of the sandbox.
        return try await sandbox.gate.pass(.shared) { () async throws(RuntimeError) in try await create(config, sandbox) }
      }
      state.creating[key] = .init(config: config, task: task)
      return task
    }
    guard let task else {
      if let existing = state.withLock({ $0.container(named: key) }) { return existing.id }
      throw RuntimeError(.aborted, "container \(key) was removed meanwhile: try again")
    }
    do {
      return try await task.value
    } catch {
      throw error as? RuntimeError ?? RuntimeError(.internalError, "CreateContainer failed", cause: error)
    }
  }

  static func otherConfig(_ what: String, _ id: String) -> RuntimeError {
    RuntimeError(
      .alreadyExists, "\(what) \(id) has this name and attempt, but was made from another configuration: ask for another attempt")
  }

  private func create(_ config: ContainerConfig, _ sandbox: Sandbox) async throws(RuntimeError) -> ContainerID {
    guard sandbox.machine.phase == .ready, let link = sandbox.link else {
      throw RuntimeError(.failedPrecondition, "sandbox \(sandbox.id) is \(sandbox.machine.word): no container can be made in it")
    }
    let undo = Undo()
    let id = ContainerID(Identifier.random())
    do {
      try await traces.measure(.createContainer, sandbox.record.config.metadata.uid, container: config.metadata.name) {
        try await build(id, config, sandbox, link, undo: undo)
      }
      return id
    } catch {
      let failures = await undo.unwind()
      if !failures.isEmpty {
        logger.error("Container clean-up incomplete", metadata: ["container.id": "\(id)", "failures": "\(failures)"])
      }
      throw runtimeError(error, "cannot make container \(config.metadata.name)")
    }
  }

  /// What lies on the node before podshim is asked.
  struct Ground: Sendable {
    var record: ContainerRecord
    var spec: RuntimeSpec
    /// A `StoredSpec`'s bytes.
    var storedSpec: [UInt8]
    var snapshot: Snapshot
    /// What the container cannot open itself.
    var opened: [Mount]
    /// Keeps the image's layers until the writable layer says that it stands on them.
    var image: ResolvedImage
    var imageVolumes: ImageVolumes
    var cgroup: SharedDescriptor
  }

  private func build(_ id: ContainerID, _ config: ContainerConfig, _ sandbox: Sandbox, _ link: ShimLink, undo: Undo) async throws {
    let file = "\(settings.sandboxDirectory(sandbox.id.rawValue))/\(ContainerRecord.file(of: id))"
    let cgroup = cgroups.cgroup("\(sandbox.record.cgroupParent)/\(id)")
    undo.push("record of \(id)", isRecord: true) { try await runBlocking { () throws(SystemCallError) in try removeTree(file) } }
    undo.push("writable layer of \(id)") { [images] in
      try await runBlocking { () throws(ImageError) in try images.removeSnapshot(owner: id.rawValue) }
    }
    undo.push("cgroup \(cgroup.path)") { try await runBlocking(.ending) { () throws(CgroupError) in try cgroup.remove() } }
    let sandboxRecord = sandbox.record
    let appArmorProfile = try await appArmor.profile(config.securityContext)
    let ground = try await runBlocking { [self] () throws(any Error) in
      try prepareGround(id, config, sandboxRecord, appArmorProfile: appArmorProfile, file: file, cgroup: cgroup)
    }
    var laps = StartLaps(traces, sandboxRecord.config.metadata.uid, container: config.metadata.name)
    try Faults.check(.containerSpec)
    let mapping = try UserMapping(config.securityContext.namespaces.user)
    let users = mapping == nil ? nil : try await runBlocking { () throws(any Error) in try mapping?.namespace() }
    var volumes = try await openVolumes(config, ground, users)
    try await openAnonymousVolumes(config, ground, users, &volumes)
    let program = try containerProgram(ground.spec, root: try await root(ground, mapping, users), volumes: volumes)

    laps.lap(.mounts)
    var record = ground.record
    record.config.wire = WireForm()
    let ingredients = try execIngredients(ground.spec, id)
    execs.withLock { $0[id] = ingredients }
    undo.push("exec of \(id)") { [self] in execs.withLock { $0[id] = nil } }
    let container = Container(record, journal: journal)
    state.withLock { $0.add(container) }
    undo.push("container \(id)") { [self] in
      apply(.discarded, to: container)
      state.withLock { $0.remove(container) }
    }
    undo.push("rows of \(id)") { [records] in try await records.release { try records.remove(id, $0) } }
    let (final, storedSpec) = (record, ground.storedSpec)
    async let saved: Void = records.write { [records] in try records.put(final, spec: storedSpec, $0) }
    let pid: Int32
    do {
      pid = try await spawn(container, program, ground.spec, ground.cgroup, link, logDirectory: sandboxRecord.config.logDirectory)
    } catch {
      _ = try? await saved
      throw error
    }
    laps.lap(.process)
    undo.push("process of \(id)") { link.post(.signal(id: id.rawValue, number: 9, all: true)) }
    try await saved
    laps.lap(.rows)
    try Faults.check(.containerCreated)
    apply(.made(pid: pid), to: container)
  }

  /// Everything that is made of files: on a thread that may block. The record is on the node before anything it names.
  private func prepareGround(
    _ id: ContainerID, _ config: ContainerConfig, _ sandbox: SandboxRecord, appArmorProfile: String?, file: String, cgroup: Cgroup
  ) throws -> Ground {
    var laps = StartLaps(traces, sandbox.config.metadata.uid, container: config.metadata.name)
    let image = try images.resolve(config.image.image)
    let imageVolumes = try ImageVolumes(config, in: images)
    let mapping = try UserMapping(config.securityContext.namespaces.user)
    let prepared = try prepareSpec(config, sandbox, image, cgroupPath: cgroup.path, appArmorProfile: appArmorProfile)
    var record = makeRecord(id, config, sandbox, image)
    record.user = prepared.user
    record.volumeImages = imageVolumes.images.map(\.id)
    let isDefault = config.securityContext.seccomp?.type == .runtimeDefault && prepared.spec.linux?.seccomp != nil
    let spec = try StoredSpec(prepared.spec, hasDefaultSeccomp: isDefault).bytes()

    laps.lap(.spec)
    try Faults.check(.containerRecord)
    try writePrivateFile(file, try record.bytes(spec: spec))
    try Faults.check(.containerRecord, .after)
    laps.lap(.record)
    try Faults.check(.containerDirectory)
    let snapshot = try images.prepareSnapshot(
      owner: id.rawValue, image: image, mounting: imageVolumes.images,
      root: mapping.map { ($0.uid.hostID, $0.gid.hostID) } ?? (0, 0))
    try Faults.check(.containerDirectory, .middle)
    try Faults.check(.containerDirectory, .after)
    laps.lap(.snapshot)
    try Faults.check(.containerCgroup)
    try cgroup.create(parentIsReady: true)
    try Faults.check(.containerCgroup, .middle)
    try cgroup.apply(CgroupResources(prepared.spec.linux?.resources ?? ResourcesSpec()), available: cgroups.controllers)
    try Faults.check(.containerCgroup, .after)
    laps.lap(.cgroup)
    return Ground(
      record: record, spec: prepared.spec, storedSpec: spec, snapshot: snapshot, opened: prepared.opened, image: image,
      imageVolumes: imageVolumes, cgroup: try cgroup.open())
  }

  private func makeRecord(
    _ id: ContainerID, _ config: ContainerConfig, _ sandbox: SandboxRecord, _ image: ResolvedImage
  ) -> ContainerRecord {
    let stop = Signals.stop(config: config.stopSignal, image: image.config.config?.stopSignal)
    let hasLog = !config.logPath.isEmpty && !sandbox.config.logDirectory.isEmpty
    return ContainerRecord(
      id: id, sandboxID: sandbox.id, config: config, createdAt: wallClockNanoseconds(), imageID: image.id,
      imageRef: image.repoDigests.first ?? image.id, imageName: image.repoTags.first ?? config.image.image,
      cgroup: "\(sandbox.cgroupParent)/\(id)", logPath: hasLog ? "\(sandbox.config.logDirectory)/\(config.logPath)" : "",
      user: ContainerUser(uid: 0, gid: 0), stopSignalNumber: stop.number, stopSignal: stop.cri)
  }

  private func spawn(
    _ container: Container, _ program: PreparedProgram, _ spec: RuntimeSpec, _ cgroup: SharedDescriptor, _ link: ShimLink,
    logDirectory: String
  ) async throws -> Int32 {
    try Faults.check(.containerSpawn)
    let (id, config) = (container.id, container.record.config)
    var request = SpawnRequest(id: id.rawValue, program: SetupProgram.encode(program.program.operations))
    program.program.fill(&request)
    var descriptors = program.descriptors
    request.cgroupSlot = Int16(descriptors.count)
    descriptors.append(cgroup)
    request.stdio = config.tty ? .terminal : .pipes
    request.openStdin = config.stdin
    request.stdinOnce = config.stdinOnce
    request.logPath = container.record.logPath
    if !container.record.logPath.isEmpty { request.logDirectory = logDirectory }
    request.exitRecordPath = "\(id).exit"
    do {
      let answer = try await link.spawn(
        request, descriptors: descriptors, program: program.program.operations, command: spec.process?.args ?? [])
      guard case .spawned(let pid) = answer.reply else {
        throw RuntimeError(.internalError, "podshim's answer is not understood")
      }
      try Faults.check(.containerSpawn, .after)
      return pid
    } catch {
      // It may be made all the same, later: then nothing explains it, and it goes.
      link.post(.signal(id: id.rawValue, number: 9, all: true))
      throw error
    }
  }
}
