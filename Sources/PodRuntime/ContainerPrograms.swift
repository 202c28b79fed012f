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
    options.resourceOptional = !kernel.canRaiseLimits
    options.seccomp = try seccomp.compile(SeccompProfile.runtimeDefault(capabilities: []))
    return try SetupProgramBuilder.pause(options)
  }

  // MARK: Container

  /// Looks up users, profiles and devices, and builds the spec.
  func prepareSpec(
    _ config: ContainerConfig, _ sandbox: SandboxRecord, _ image: ResolvedImage, cgroupPath: String, appArmorProfile: String?
  ) throws -> (spec: RuntimeSpec, user: ContainerUser) {
    let security = config.securityContext
    let user = try resolveUser(security, image)
    let add = security.privileged ? ["ALL"] : security.capabilities.add
    let capabilities = try CapabilitySet.effective(
      add: add, drop: security.capabilities.drop, all: CapabilitySet(mask: CapabilitySet.all.mask & kernel.capabilities))
    let ambient = try CapabilitySet(names: security.capabilities.addAmbient)
    let directory = settings.sandboxDirectory(sandbox.id.rawValue)
    let (devices, rules) = try Devices.resolve(config.devices, privileged: security.privileged)
    let inputs = SpecBuilder.Inputs(
      config: config, sandbox: sandbox.config, image: image.config, user: user, hostname: Self.hostname(sandbox.config),
      files: .init(
        hostname: "\(directory)/hostname", hosts: "\(directory)/hosts", resolvConf: "\(directory)/resolv.conf",
        shm: "\(directory)/shm"),
      cgroupPath: cgroupPath, capabilities: capabilities.spec(ambient: ambient),
      seccomp: try seccompSpec(security, capabilities), appArmorProfile: appArmorProfile, devices: devices,
      deviceRules: rules)
    return (
      try SpecBuilder(inputs: inputs).build(),
      ContainerUser(uid: Int64(user.uid), gid: Int64(user.gid), supplementalGroups: user.groups.map(Int64.init))
    )
  }

  func rootFileSystem(_ image: ResolvedImage, _ snapshot: Snapshot) -> RootFileSystem {
    kernel.overlayLayersByFsconfig
      ? .overlay(layers: image.layers.map(\.path), upper: snapshot.upper, work: snapshot.work)
      : .overlayByMount(
        base: images.layersDirectory, layers: image.layers.map(\.relativePath), upper: snapshot.upper, work: snapshot.work)
  }

  func containerProgram(_ spec: RuntimeSpec, root: RootFileSystem, volumes: Volumes) throws -> PreparedProgram {
    var options = SetupOptions(root: root, mountPoint: settings.rootMountPoint)
    options.resourceOptional = !kernel.canRaiseLimits
    options.seccomp = try compiled(spec.linux?.seccomp)
    options.mountSlots = volumes.slots
    options.firstSlot = UInt8(volumes.descriptors.count)
    return PreparedProgram(
      program: try SetupProgramBuilder.container(spec: spec, options: options), descriptors: volumes.descriptors)
  }

  /// The program of a container that exists, rebuilt from its record: to explain a failed start.
  func containerProgram(_ record: ContainerRecord) async throws -> ContainerProgram {
    let spec = try await spec(of: record.id).complete
    var options = SetupOptions(root: .directory("/"), mountPoint: settings.rootMountPoint)
    options.seccomp = try compiled(spec.linux?.seccomp)
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
    return try SetupProgramBuilder.exec(process: process, container: record.id.rawValue, options: options)
  }

  // MARK: Profiles

  func compiled(_ profile: SeccompSpec?) throws -> [UInt8]? { try profile.map { try seccomp.compile($0) } }

  private func seccompSpec(_ security: ContainerSecurityContext, _ capabilities: CapabilitySet) throws -> SeccompSpec? {
    guard let profile = security.seccomp, !security.privileged else { return nil }
    switch profile.type {
    case .unconfined: return nil
    case .runtimeDefault: return SeccompProfile.runtimeDefault(capabilities: capabilities.names)
    case .localhost: return try SeccompProfile.load(localhostPath(profile.localhostRef), capabilities: capabilities.names)
    }
  }

  private func localhostPath(_ reference: String) -> String {
    reference.hasPrefix("localhost/") ? String(reference.dropFirst("localhost/".count)) : reference
  }
}
