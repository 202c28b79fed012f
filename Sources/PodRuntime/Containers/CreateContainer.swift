import Cgroups
import FoundationEssentials
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
    let task = try state.withLock { (state) throws(RuntimeError) in
      if let id = state.containerKeys[key] {
        guard state.containers[id]?.exited.isOpen == false else {
          throw RuntimeError(
            .alreadyExists, "container \(id) has this name and attempt and has ended: remove it first, or ask for another attempt")
        }
        return Task<ContainerID, any Error> { id }
      }
      if let task = state.creating[key] { return task }
      let task = Task<ContainerID, any Error> { [self] in
        defer { self.state.withLock { _ = $0.creating.removeValue(forKey: key) } }
        return try await createContainer(config, sandbox, key: key)
      }
      state.creating[key] = task
      return task
    }
    do {
      return try await task.value
    } catch {
      throw error as? RuntimeError ?? RuntimeError(.internalError, "CreateContainer failed", cause: error)
    }
  }

  private func validate(_ config: ContainerConfig, in sandbox: Sandbox) throws(RuntimeError) {
    let record = sandbox.record
    let name = config.metadata.name
    guard !name.isEmpty else { throw RuntimeError(.invalidArgument, "container metadata needs a name") }
    guard record.phase == .ready else {
      throw RuntimeError(.failedPrecondition, "sandbox \(sandbox.id) is not ready: no container can be made in it")
    }
    let security = config.securityContext
    if security.privileged, !record.config.securityContext.privileged {
      throw RuntimeError(.invalidArgument, "container \(name) is privileged but its sandbox is not")
    }
    if security.runAsGroup != nil, security.runAsUser == nil, security.runAsUsername.isEmpty {
      throw RuntimeError(.invalidArgument, "container \(name): run_as_group needs run_as_user or run_as_username")
    }
    if let user = security.namespaces.user, user.mode != .node {
      throw RuntimeError(.invalidArgument, "container \(name): user namespaces are not supported yet by this runtime")
    }
    if security.namespaces.pid == .target {
      let target = state.withLock { $0.containers[ContainerID(security.namespaces.targetID)] }
      guard let target, target.sandboxID == sandbox.id, target.record.state == .running else {
        throw RuntimeError(
          .failedPrecondition,
          "container \(name): the target of its pid namespace, '\(security.namespaces.targetID)', is not a running container of its sandbox"
        )
      }
    }
    for mount in config.mounts { try validate(mount, of: name) }
    let missing = cgroups.missing(for: CgroupResources(SpecBuilder.resources(config.resources)))
    if !missing.isEmpty {
      throw RuntimeError(
        .failedPrecondition,
        "container \(name) has a limit that needs the cgroup v2 controller \(missing.map { "\($0)" }.joined(separator: ", ")), "
          + "which this node does not have: it is absent or used by cgroup v1; boot with cgroup_no_v1=all "
          + "systemd.unified_cgroup_hierarchy=1, or remove the limit")
    }
  }

  private func validate(_ mount: Mount, of name: String) throws(RuntimeError) {
    guard mount.containerPath.hasPrefix("/") else {
      throw RuntimeError(.invalidArgument, "container \(name): mount path '\(mount.containerPath)' is not absolute")
    }
    if mount.image == nil, !mount.hostPath.hasPrefix("/") {
      throw RuntimeError(.invalidArgument, "container \(name): mount \(mount.containerPath) needs an absolute host path")
    }
    if mount.image != nil {
      throw RuntimeError(.unimplemented, "container \(name): image volumes are not supported yet (mount \(mount.containerPath))")
    }
    if mount.recursiveReadOnly, !mount.readOnly || mount.propagation != .private {
      throw RuntimeError(
        .invalidArgument,
        "RROUnsupported: container \(name): mount \(mount.containerPath): recursive read-only needs readonly and private propagation"
      )
    }
    if !mount.uidMappings.isEmpty || !mount.gidMappings.isEmpty {
      throw RuntimeError(.invalidArgument, "container \(name): id-mapped mounts are not supported yet (\(mount.containerPath))")
    }
  }

  private func createContainer(_ config: ContainerConfig, _ sandbox: Sandbox, key: String) async throws -> ContainerID {
    let id = ContainerID(Identifier.random())
    let undo = Undo()
    do {
      let container = try await buildContainer(id, config, sandbox, undo: undo)
      state.withLock { state in
        state.containers[id] = container
        state.containerKeys[key] = id
      }
      publish(.created, container: container)
      return id
    } catch {
      let failures = await undo.unwind()
      if !failures.isEmpty {
        logger.error("Container clean-up incomplete", metadata: ["container.id": "\(id)", "failures": "\(failures)"])
      }
      throw runtimeError(error, "cannot make container \(config.metadata.name)")
    }
  }

  private func buildContainer(
    _ id: ContainerID, _ config: ContainerConfig, _ sandbox: Sandbox, undo: Undo
  ) async throws -> Container {
    guard let shim = sandbox.shim else { throw RuntimeError(.failedPrecondition, "sandbox \(sandbox.id) has stopped") }
    let sandboxRecord = sandbox.record
    let image = try images.resolve(config.image.image)
    let stop = Signals.stop(config: config.stopSignal, image: image.config.config?.stopSignal)
    var record = ContainerRecord(
      id: id, sandboxID: sandbox.id, config: config, createdAt: wallClockNanoseconds(), phase: .creating, imageID: image.id,
      imageRef: image.repoDigests.first ?? image.id, imageName: image.repoTags.first ?? config.image.image,
      cgroup: "\(sandboxRecord.cgroupParent)/\(id)", logPath: logPath(config, sandboxRecord),
      user: ContainerUser(uid: 0, gid: 0), stopSignalNumber: stop.number, stopSignal: stop.cri, resources: config.resources)

    try Faults.check(.containerRecord)
    let entries: [Ledger.Entry] = [
      .init(.cgroup, record.cgroup, owner: id.rawValue), .init(.snapshot, id.rawValue, owner: id.rawValue),
    ]
    let initial = record
    try store.transaction { transaction in
      try ledger.record(entries, in: transaction)
      try containerRecords.put(initial, id: id.rawValue, parent: sandbox.id.rawValue, in: transaction)
    }
    undo.push("forget container \(id)") { [self] in
      try store.transaction { transaction in
        try ledger.forget(entries, in: transaction)
        try containerRecords.remove(id.rawValue, in: transaction)
        try specRecords.remove(id.rawValue, in: transaction)
      }
      specs.withLock { _ = $0.removeValue(forKey: id) }
    }

    try Faults.check(.containerDirectory)
    let snapshot = try images.prepareSnapshot(owner: id.rawValue, image: image)
    undo.push("writable layer of \(id)") { [images] in try images.removeSnapshot(owner: id.rawValue) }
    if let slash = record.logPath.lastIndex(of: "/") { try makeDirectory(String(record.logPath[..<slash]), mode: 0o755) }

    try Faults.check(.containerSpec)
    let prepared = try prepareSpec(config, sandboxRecord, image, cgroupPath: record.cgroup)
    record.user = prepared.user
    let profile = config.securityContext.seccomp
    let hasDefaultSeccomp = prepared.spec.linux?.seccomp != nil && profile?.type == .runtimeDefault
    try remember(StoredSpec(prepared.spec, hasDefaultSeccomp: hasDefaultSeccomp), of: id)
    let volumes = try await runBlocking { () throws(RuntimeError) in try Volumes(config.mounts) }
    let program = try containerProgram(prepared.spec, root: rootFileSystem(image, snapshot), volumes: volumes)

    try Faults.check(.containerCgroup)
    let cgroup = cgroups.cgroup(record.cgroup)
    try cgroup.create(parentIsReady: true)
    undo.push("cgroup \(record.cgroup)") { try cgroup.remove() }
    try cgroup.apply(CgroupResources(prepared.spec.linux?.resources ?? ResourcesSpec()), available: cgroups.controllers)

    try Faults.check(.containerSpawn)
    var request = SpawnRequest(id: id.rawValue, program: SetupProgram.encode(program.program.operations))
    program.program.fill(&request)
    var descriptors = program.descriptors
    request.cgroupSlot = Int16(descriptors.count)
    descriptors.append(try cgroup.open())
    request.stdio = config.tty ? .terminal : .pipes
    request.openStdin = config.stdin
    request.stdinOnce = config.stdinOnce
    request.logPath = record.logPath
    if !record.logPath.isEmpty { request.logDirectory = sandboxRecord.config.logDirectory }
    request.exitRecordPath = "\(id).exit"
    let answer = try await shim.spawn(
      request, descriptors: descriptors, program: program.program.operations, command: prepared.spec.process?.args ?? [])
    if case .spawned(let pid) = answer.reply { record.pid = pid }
    undo.push("process of \(id)") {
      _ = try await shim.call(.signal(id: id.rawValue, number: 9, all: true))
      _ = try? await shim.call(.remove(id: id.rawValue))
    }

    try Faults.check(.containerCreated)
    record.phase = .created
    try save(record)
    return Container(record)
  }

  private func logPath(_ config: ContainerConfig, _ sandbox: SandboxRecord) -> String {
    guard !config.logPath.isEmpty, !sandbox.config.logDirectory.isEmpty else { return "" }
    return sandbox.config.logDirectory + "/" + config.logPath
  }
}
