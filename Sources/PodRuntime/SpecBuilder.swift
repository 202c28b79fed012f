import LinuxRuntime
import OCISpec
import RuntimeAPI

/// Turns a container's configuration, its image's and what the runtime resolved into an OCI runtime spec. Pure: every policy about what a
/// container sees is here or in `LinuxRuntime`, and golden files show it.
struct SpecBuilder {
  /// What the runtime looked up before.
  struct Inputs: Sendable {
    var config: ContainerConfig
    var sandbox: SandboxConfig
    var image: ImageConfig
    var user: ResolvedIdentity
    /// The sandbox's host name, or the node's.
    var hostname: String
    /// Host paths of the sandbox's files.
    var files: SandboxFiles
    var cgroupPath: String
    var capabilities: CapabilitiesSpec
    var seccomp: SeccompSpec?
    var appArmorProfile: String?
    /// Host devices: those of the config, or every device of the node for a privileged container.
    var devices: [DeviceSpec]
    /// Host devices to be mounted instead.
    var deviceNodes: [Mount] = []
    var deviceRules: [ResourcesSpec.DeviceRule]
    /// Places that the image declares as volumes.
    var imageVolumes: [String] = []
    /// Of CDI devices.
    var edits = DeviceEdits()
    /// The pod has a user namespace.
    var mapping: UserMapping?
  }

  /// Host paths that every container of a sandbox gets unless it mounts something else there.
  struct SandboxFiles: Sendable {
    var hostname: String
    var hosts: String
    var resolvConf: String
    var shm: String

    var mounts: [Mount] {
      [("/etc/hostname", hostname), ("/etc/hosts", hosts), ("/etc/resolv.conf", resolvConf)].map {
        Mount(containerPath: $0, hostPath: $1)
      }
    }
  }

  let inputs: Inputs
  private var config: ContainerConfig { inputs.config }
  private var security: ContainerSecurityContext { inputs.config.securityContext }
  private var sandboxNamespaces: NamespaceOption { inputs.sandbox.securityContext.namespaces }

  func build() throws(RuntimeError) -> RuntimeSpec {
    var spec = RuntimeSpec()
    spec.process = try process()
    spec.root = RootSpec(path: "rootfs", readonly: security.readOnlyRootFilesystem)
    spec.mounts = mounts()
    spec.linux = linux()
    return spec
  }

  // MARK: Process

  private func process() throws(RuntimeError) -> ProcessSpec {
    var process = ProcessSpec(
      terminal: config.tty,
      user: UserSpec(
        uid: inputs.user.uid, gid: inputs.user.gid,
        additionalGids: inputs.user.groups + inputs.edits.groups.filter { !inputs.user.groups.contains($0) }),
      args: try arguments(), env: environment(), cwd: workingDirectory())
    process.capabilities = inputs.capabilities
    process.noNewPrivileges = security.noNewPrivileges
    process.apparmorProfile = inputs.appArmorProfile
    if let resources = config.resources { process.oomScoreAdj = Int32(clamping: resources.oomScoreAdjust) }
    return process
  }

  /// Command replaces the entrypoint and drops the image's cmd; args replace the cmd. Source: CRI ContainerConfig.command.
  private func arguments() throws(RuntimeError) -> [String] {
    let execution = inputs.image.config
    let entrypoint = config.command.isEmpty ? execution?.entrypoint ?? [] : config.command
    let args = config.args.isEmpty && config.command.isEmpty ? execution?.cmd ?? [] : config.args
    let all = entrypoint + args
    guard let first = all.first, !first.isEmpty else {
      throw RuntimeError(
        .invalidArgument,
        "container \(config.metadata.name): nothing to run: neither the pod nor image \(config.image.image) names a command")
    }
    return all
  }

  /// Image variables, then the config's (later wins), with PATH, HOSTNAME, HOME and TERM where nobody set them.
  private func environment() -> [String] {
    var names: [String] = []
    var values: [String: String] = [:]
    func set(_ name: String, _ value: String) {
      if values.updateValue(value, forKey: name) == nil { names.append(name) }
    }
    set("PATH", DefaultSpec.path)
    if config.tty { set("TERM", "xterm") }
    set("HOSTNAME", inputs.hostname)
    for entry in inputs.image.config?.env ?? [] {
      let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      set(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
    for variable in config.environment + inputs.edits.environment { set(variable.name, variable.value) }
    if values["HOME"] == nil { set("HOME", inputs.user.home) }
    return names.map { "\($0)=\(values[$0] ?? "")" }
  }

  private func workingDirectory() -> String {
    if !config.workingDirectory.isEmpty { return config.workingDirectory }
    let directory = inputs.image.config?.workingDir ?? ""
    return directory.isEmpty ? "/" : directory
  }

  // MARK: Mounts

  /// The default mounts, then the sandbox's files, then the config's, by path depth; a config mount replaces a default at its path.
  private func mounts() -> [MountSpec] {
    let own =
      config.mounts.map(mount) + (inputs.deviceNodes + inputs.edits.nodes).map(mount) + inputs.edits.mounts
      + inputs.imageVolumes.map(AnonymousVolumes.spec)
    let taken = Set(own.map { Self.normal($0.destination) })
    let defaults = (systemMounts() + sandboxFileMounts()).filter { mount in
      !taken.contains(mount.destination) && !(taken.contains("/dev") && mount.destination.hasPrefix("/dev/"))
    }
    return defaults
      + own.enumerated().sorted { a, b in
        let (first, second) = (Self.depth(a.element.destination), Self.depth(b.element.destination))
        return first == second ? a.offset < b.offset : first < second
      }.map(\.element)
  }

  private func systemMounts() -> [MountSpec] {
    let shared = sandboxNamespaces.ipc == .node ? "/dev/shm" : inputs.files.shm
    return DefaultSpec.mounts(sharedMemory: shared, privileged: security.privileged, cgroup: true).map { mount in
      guard mount.destination == "/sys", sandboxNamespaces.network == .node else { return mount }
      // sysfs belongs to a network namespace: with the host's, the host's mount is bound instead of a new one made.
      return MountSpec(
        destination: "/sys", type: "bind", source: "/sys",
        options: ["rbind", "rprivate", "nosuid", "noexec", "nodev", security.privileged ? "rw" : "rro"])
    }
  }

  private func sandboxFileMounts() -> [MountSpec] {
    let access = security.readOnlyRootFilesystem ? "ro" : "rw"
    return inputs.files.mounts.map { file in
      MountSpec(destination: file.containerPath, type: "bind", source: file.hostPath, options: ["bind", "rprivate", access])
    }
  }

  private func mount(_ mount: Mount) -> MountSpec {
    if let image = mount.volumeImage {
      // Programs of it may be run, and get nothing by that: neither set-user-id nor device files act.
      let source = "/image/\(image.image)" + (mount.imageSubPath.isEmpty ? "" : "/\(mount.imageSubPath)")
      return MountSpec(
        destination: mount.containerPath, type: "bind", source: source, options: ["bind", "rprivate", "ro", "nosuid", "nodev"])
    }
    var options = ["rbind"]
    switch mount.propagation {
    case .private: options.append("rprivate")
    case .hostToContainer: options.append("rslave")
    case .bidirectional: options.append("rshared")
    }
    options.append(mount.recursiveReadOnly ? "rro" : mount.readOnly ? "ro" : "rw")
    var spec = MountSpec(destination: mount.containerPath, type: "bind", source: mount.hostPath, options: options)
    if !mount.uidMappings.isEmpty {
      (spec.uidMappings, spec.gidMappings) = (UserMapping.spec(mount.uidMappings), UserMapping.spec(mount.gidMappings))
    }
    return spec
  }

  private static func normal(_ path: String) -> String {
    "/" + path.split(separator: "/").joined(separator: "/")
  }
  private static func depth(_ path: String) -> Int { path.split(separator: "/").count }

  // MARK: Linux

  private func linux() -> LinuxSpec {
    var linux = LinuxSpec()
    linux.namespaces = namespaces()
    if let mapping = inputs.mapping {
      (linux.uidMappings, linux.gidMappings) = (UserMapping.spec([mapping.uid]), UserMapping.spec([mapping.gid]))
    }
    linux.cgroupsPath = inputs.cgroupPath
    linux.devices = inputs.devices + inputs.edits.devices
    linux.resources = resources()
    if config.mounts.contains(where: { $0.propagation == .bidirectional }) {
      linux.rootfsPropagation = "shared"
    } else if config.mounts.contains(where: { $0.propagation == .hostToContainer }) {
      linux.rootfsPropagation = "slave"
    }
    // A privileged container ignores seccomp and masks nothing. Source: CRI LinuxContainerSecurityContext.privileged.
    if !security.privileged {
      linux.seccomp = inputs.seccomp
      linux.maskedPaths = security.maskedPaths
      linux.readonlyPaths = security.readOnlyPaths
    }
    return linux
  }

  /// What is listed is not the host's; a path names the process whose namespace is joined: pause, or a container for pid targets.
  private func namespaces() -> [NamespaceSpec] {
    var list = [NamespaceSpec(type: .mount)]
    if inputs.mapping != nil { list.append(NamespaceSpec(type: .user, path: NamespacePath.process())) }
    if sandboxNamespaces.network != .node {
      list.append(NamespaceSpec(type: .network, path: NamespacePath.process()))
      list.append(NamespaceSpec(type: .uts, path: NamespacePath.process()))
    }
    if sandboxNamespaces.ipc != .node { list.append(NamespaceSpec(type: .ipc, path: NamespacePath.process())) }
    switch security.namespaces.pid {
    case .pod: list.append(NamespaceSpec(type: .pid, path: NamespacePath.process()))
    case .container: list.append(NamespaceSpec(type: .pid))
    case .target: list.append(NamespaceSpec(type: .pid, path: NamespacePath.process(security.namespaces.targetID)))
    case .node: break
    }
    // In a user namespace the host's cgroups cannot be mounted, whatever is privileged in it.
    if !security.privileged || inputs.mapping != nil { list.append(NamespaceSpec(type: .cgroup)) }
    return list
  }

  private func resources() -> ResourcesSpec {
    var resources = Self.resources(config.resources)
    resources.devices = inputs.deviceRules + (security.privileged && inputs.mapping == nil ? [] : inputs.edits.rules)
    return resources
  }

  /// CRI resources as OCI ones; 0 and empty mean "not set".
  static func resources(_ values: LinuxResources?) -> ResourcesSpec {
    var spec = ResourcesSpec()
    guard let values else { return spec }
    spec.cpu = ResourcesSpec.CPU(
      shares: values.cpuShares > 0 ? UInt64(values.cpuShares) : nil, quota: values.cpuQuota != 0 ? values.cpuQuota : nil,
      period: values.cpuPeriod > 0 ? UInt64(values.cpuPeriod) : nil, cpus: values.cpusetCPUs.isEmpty ? nil : values.cpusetCPUs,
      mems: values.cpusetMemoryNodes.isEmpty ? nil : values.cpusetMemoryNodes)
    // A memory limit without a swap limit means no swap: swap is memory plus swap here.
    let swap = values.memorySwapLimit != 0 ? values.memorySwapLimit : values.memoryLimit
    spec.memory = ResourcesSpec.Memory(
      limit: values.memoryLimit != 0 ? values.memoryLimit : nil, swap: swap != 0 ? swap : nil)
    spec.hugepageLimits = values.hugepageLimits.map { .init(pageSize: $0.pageSize, limit: $0.limit) }
    spec.unified = values.unified
    return spec
  }
}
