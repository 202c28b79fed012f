import Images
import LinuxRuntime
import LinuxSystem
import OCISpec
import RuntimeAPI
import ShimCore
import Synchronization

/// From configuration to set-up programs: the look-ups around the pure `SpecBuilder` and `SetupProgramBuilder`.
extension PodRuntime {
  struct PreparedProgram {
    var program: ContainerProgram
    /// Slot order: what the program's own descriptors are, then detached mounts.
    var descriptors: [SharedDescriptor]
  }

  /// Where a container's root comes from.
  enum Root: Sendable {
    case layers(RootFileSystem)
    /// An overlay of idmapped layers.
    case mapped(SharedDescriptor, UserMapping)
  }

  // MARK: Pause

  func pauseProgram(_ config: SandboxConfig, hasNamespace: Bool) throws -> ContainerProgram {
    var options = PauseOptions()
    let namespaces = config.securityContext.namespaces
    if hasNamespace {
      // The descriptor of the agent's making is slot 0; the path only names it.
      options.namespaces += [NamespaceSpec(type: .network, path: "slot"), NamespaceSpec(type: .uts)]
      options.hostname = config.hostname
    }
    if namespaces.ipc != .node { options.namespaces.append(NamespaceSpec(type: .ipc)) }
    if namespaces.pid != .node { options.namespaces.append(NamespaceSpec(type: .pid)) }
    options.sysctls = config.sysctls
    if let mapping = try UserMapping(namespaces.user) {
      options.namespaces.append(NamespaceSpec(type: .user))
      (options.uidMappings, options.gidMappings) = (UserMapping.spec([mapping.uid]), UserMapping.spec([mapping.gid]))
      options.oomScoreAdjust = nil
      if namespaces.network != .node {
        options.namespaces += [NamespaceSpec(type: .network), NamespaceSpec(type: .uts)]
        options.hostname = config.hostname
      }
      options.sysctls = config.sysctls.filter { !$0.key.hasPrefix("net.") && !$0.key.hasPrefix("net/") }
    }
    options.resourceOptional = !kernel.canRaiseLimits
    options.seccomp = try seccomp.compile(SeccompProfile.runtimeDefault(capabilities: []))
    return try SetupProgramBuilder.pause(options)
  }

  // MARK: Container

  /// Looks up users, profiles and devices, and builds the spec.
  /// - Returns: also what the container cannot open by itself, as the root of its user namespace is nobody on the host.
  func prepareSpec(
    _ config: ContainerConfig, _ sandbox: SandboxRecord, _ image: ResolvedImage, cgroupPath: String, appArmorProfile: String?
  ) throws -> (spec: RuntimeSpec, opened: [Mount], user: ContainerUser) {
    let security = config.securityContext
    let mapping = try UserMapping(security.namespaces.user)
    let user = try resolveUser(security, image)
    let add = security.privileged ? ["ALL"] : security.capabilities.add
    let capabilities = try CapabilitySet.effective(
      add: add, drop: security.capabilities.drop, all: CapabilitySet(mask: CapabilitySet.all.mask & kernel.capabilities))
    let ambient = try CapabilitySet(names: security.capabilities.addAmbient)
    let directory = settings.sandboxDirectory(sandbox.id.rawValue)
    var edits = try DeviceEdits(
      try CDIDirectories(paths: settings.cdiDirectories).edits(try CDIDirectories.names(config)), user: (user.uid, user.gid))
    if mapping == nil { edits.nodes = [] } else { edits.devices = [] }
    let devices = try Devices.resolve(config.devices, privileged: security.privileged && mapping == nil)
    let inputs = SpecBuilder.Inputs(
      config: config, sandbox: sandbox.config, image: image.config, user: user, hostname: Self.hostname(sandbox.config),
      files: .init(
        hostname: "\(directory)/hostname", hosts: "\(directory)/hosts", resolvConf: "\(directory)/resolv.conf",
        shm: mapping == nil ? "\(directory)/shm" : "./shm"),
      cgroupPath: cgroupPath, capabilities: capabilities.spec(ambient: ambient),
      seccomp: try seccompSpec(security, capabilities), appArmorProfile: appArmorProfile,
      devices: mapping == nil ? devices.specs : DefaultSpec.devices,
      deviceNodes: mapping == nil ? [] : devices.nodes, deviceRules: devices.rules,
      imageVolumes: AnonymousVolumes.paths(image.config, config), edits: edits, mapping: mapping)
    return (
      try SpecBuilder(inputs: inputs).build(),
      (mapping == nil ? [] : inputs.files.mounts + devices.nodes) + edits.nodes + edits.binds,
      ContainerUser(
        uid: Int64(user.uid), gid: Int64(user.gid),
        supplementalGroups: (user.groups + edits.groups.filter { !user.groups.contains($0) }).map(Int64.init))
    )
  }

  func rootFileSystem(_ image: ResolvedImage, _ snapshot: Snapshot) -> RootFileSystem {
    kernel.overlayLayersByFsconfig
      ? .overlay(layers: image.layers.map(\.path), upper: snapshot.upper, work: snapshot.work)
      : .overlayByMount(
        base: images.layersDirectory, layers: image.layers.map(\.relativePath), upper: snapshot.upper, work: snapshot.work)
  }

  func containerProgram(_ spec: RuntimeSpec, root: Root, volumes: Volumes) throws -> PreparedProgram {
    var descriptors = volumes.descriptors
    let fileSystem: RootFileSystem
    switch root {
    case .layers(let layers): fileSystem = layers
    case .mapped(let mount, _):
      fileSystem = .detached(slot: UInt8(descriptors.count))
      descriptors.append(mount)
    }
    var options = SetupOptions(root: fileSystem, mountPoint: settings.rootMountPoint)
    if case .mapped(_, let mapping) = root { options.streamOwner = mapping.uid.hostID }
    options.resourceOptional = !kernel.canRaiseLimits
    options.seccomp = try compiled(spec.linux?.seccomp)
    options.mountSlots = volumes.slots
    options.firstSlot = UInt8(descriptors.count)
    return PreparedProgram(program: try SetupProgramBuilder.container(spec: spec, options: options), descriptors: descriptors)
  }

  /// The program of a container that exists, rebuilt from its record: to explain a failed start.
  func containerProgram(_ record: ContainerRecord) async throws -> ContainerProgram {
    let spec = try await spec(of: record.id).complete
    var options = SetupOptions(root: .directory("/"), mountPoint: settings.rootMountPoint)
    options.seccomp = try compiled(spec.linux?.seccomp)
    // As many operations as it was made with.
    options.streamOwner = try UserMapping(record.config.securityContext.namespaces.user)?.uid.hostID
    options.mountSlots = (spec.mounts ?? []).reduce(into: [:]) { $0[$1.destination, default: []].append(0) }
    return try SetupProgramBuilder.container(spec: spec, options: options)
  }

  // MARK: Exec

  func execProgram(_ record: ContainerRecord, command: [String], terminal: Bool = false) async throws -> ContainerProgram {
    let ingredients = try await execIngredients(of: record.id)
    var process = ingredients.process
    process.args = command
    process.terminal = terminal
    if terminal, process.env?.contains(where: { $0.hasPrefix("TERM=") }) != true {
      process.env = (process.env ?? []) + ["TERM=xterm"]
    }
    // As the container's own processes have it by now.
    if let score = state.withLock({ $0.containers[record.id] })?.resources?.oomScoreAdjust {
      process.oomScoreAdj = Int32(clamping: score)
    }
    var options = SetupOptions(root: .directory("/"), mountPoint: settings.rootMountPoint)
    options.waitsForStart = false
    options.resourceOptional = !kernel.canRaiseLimits
    options.seccomp = ingredients.seccomp
    let mapping = try UserMapping(record.config.securityContext.namespaces.user)
    options.streamOwner = mapping?.uid.hostID
    return try SetupProgramBuilder.exec(
      process: process, container: record.id.rawValue, joinsUser: mapping != nil, options: options)
  }

  // MARK: Profiles

  func compiled(_ profile: SeccompSpec?) throws -> [UInt8]? { try profile.map { try seccomp.compile($0) } }

  private func seccompSpec(_ security: ContainerSecurityContext, _ capabilities: CapabilitySet) throws -> SeccompSpec? {
    guard let profile = security.seccomp, !security.privileged else { return nil }
    switch profile.type {
    case .unconfined: return nil
    case .runtimeDefault: return SeccompProfile.runtimeDefault(capabilities: capabilities.names)
    case .localhost: return try SeccompProfile.load(Self.localhostPath(profile.localhostRef), capabilities: capabilities.names)
    }
  }

  static func localhostPath(_ reference: String) -> String {
    reference.hasPrefix("localhost/") ? String(reference.dropFirst("localhost/".count)) : reference
  }
}
