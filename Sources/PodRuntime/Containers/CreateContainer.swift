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
    let sandbox = try sandbox(sandboxID)
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
      try await build(id, config, sandbox, link, undo: undo)
      return id
    } catch {
      let failures = await undo.unwind()
      if !failures.isEmpty {
        logger.error("Container clean-up incomplete", metadata: ["container.id": "\(id)", "failures": "\(failures)"])
      }
      throw runtimeError(error, "cannot make container \(config.metadata.name)")
    }
  }

  private func build(_ id: ContainerID, _ config: ContainerConfig, _ sandbox: Sandbox, _ link: ShimLink, undo: Undo) async throws {
    let image = try images.resolve(config.image.image)
    let prepared = try prepareSpec(
      config, sandbox.record, image, cgroupPath: "\(sandbox.record.cgroupParent)/\(id)",
      appArmorProfile: try await appArmor.profile(config.securityContext))
    var record = makeRecord(id, config, sandbox.record, image)
    record.user = prepared.user

    // On the node before anything it names; the database is told while podshim works.
    try Faults.check(.containerRecord)
    let bytes = try record.bytes()
    let file = "\(settings.sandboxDirectory(sandbox.id.rawValue))/\(id).record"
    try await runBlocking { () throws(SystemCallError) in try writePrivateFile(file, bytes) }
    undo.push("record of \(id)") { try removeTree(file) }

    try Faults.check(.containerDirectory)
    let snapshot = try images.prepareSnapshot(owner: id.rawValue, image: image)
    undo.push("writable layer of \(id)") { [images] in try images.removeSnapshot(owner: id.rawValue) }
    if let slash = record.logPath.lastIndex(of: "/") { try makeDirectory(String(record.logPath[..<slash]), mode: 0o755) }

    try Faults.check(.containerSpec)
    let volumes =
      config.mounts.isEmpty ? nil : try await runBlocking(.foreign) { () throws(RuntimeError) in try Volumes(config.mounts) }
    let program = try containerProgram(
      prepared.spec, root: rootFileSystem(image, snapshot), volumes: try volumes ?? Volumes([]))

    try Faults.check(.containerCgroup)
    let cgroup = cgroups.cgroup(record.cgroup)
    try cgroup.create(parentIsReady: true)
    undo.push("cgroup \(record.cgroup)") { try await runBlocking { () throws(CgroupError) in try cgroup.remove() } }
    try cgroup.apply(CgroupResources(prepared.spec.linux?.resources ?? ResourcesSpec()), available: cgroups.controllers)

    record.config.wire = WireForm()
    let container = Container(record, journal: journal)
    state.withLock { $0.add(container) }
    undo.push("container \(id)") { [self] in
      apply(.discarded, to: container)
      state.withLock { $0.remove(container) }
    }
    undo.push("rows of \(id)") { [records] in try await records.release { try records.remove(id, $0) } }
    async let saved: Void = save(record, prepared.spec)
    let pid: Int32
    do {
      pid = try await spawn(container, program, prepared.spec, cgroup, link, logDirectory: sandbox.record.config.logDirectory)
    } catch {
      _ = try? await saved
      throw error
    }
    undo.push("process of \(id)") { link.post(.signal(id: id.rawValue, number: 9, all: true)) }
    try await saved
    try Faults.check(.containerCreated)
    apply(.made(pid: pid), to: container)
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

  /// The one transaction of a creation.
  private func save(_ record: ContainerRecord, _ spec: RuntimeSpec) async throws {
    let profile = record.config.securityContext.seccomp
    let stored = StoredSpec(spec, hasDefaultSeccomp: spec.linux?.seccomp != nil && profile?.type == .runtimeDefault)
    let records = records
    try await records.write { transaction in try records.put(record, spec: stored, transaction) }
  }

  private func spawn(
    _ container: Container, _ program: PreparedProgram, _ spec: RuntimeSpec, _ cgroup: Cgroup, _ link: ShimLink,
    logDirectory: String
  ) async throws -> Int32 {
    try Faults.check(.containerSpawn)
    let (id, config) = (container.id, container.record.config)
    var request = SpawnRequest(id: id.rawValue, program: SetupProgram.encode(program.program.operations))
    program.program.fill(&request)
    var descriptors = program.descriptors
    request.cgroupSlot = Int16(descriptors.count)
    descriptors.append(try cgroup.open())
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
      return pid
    } catch {
      // It may be made all the same, later: then nothing explains it, and it goes.
      link.post(.signal(id: id.rawValue, number: 9, all: true))
      throw error
    }
  }
}
