import Cgroups
import RuntimeAPI
import Synchronization

extension PodRuntime {
  /// What can be said of a request before anything is done.
  func validate(_ config: ContainerConfig, in sandbox: Sandbox) throws(RuntimeError) {
    let record = sandbox.record
    let name = config.metadata.name
    guard !name.isEmpty else { throw RuntimeError(.invalidArgument, "container metadata needs a name") }
    try RequestBounds.check(config)
    guard sandbox.machine.phase == .ready else {
      throw RuntimeError(.failedPrecondition, "sandbox \(sandbox.id) is \(sandbox.machine.word): no container can be made in it")
    }
    let security = config.securityContext
    if security.privileged, !record.config.securityContext.privileged {
      throw RuntimeError(.invalidArgument, "container \(name) is privileged but its sandbox is not")
    }
    if security.runAsGroup != nil, security.runAsUser == nil, security.runAsUsername.isEmpty {
      throw RuntimeError(.invalidArgument, "container \(name): run_as_group needs run_as_user or run_as_username")
    }
    guard try UserMapping(security.namespaces.user) == UserMapping(record.config.securityContext.namespaces.user) else {
      throw RuntimeError(.invalidArgument, "container \(name): its userns_options are not those of its sandbox")
    }
    try check(security.seccomp, "seccomp", name)
    try check(security.appArmor, "apparmor", name)
    if let seccomp = security.seccomp, seccomp.type == .localhost, !Self.localhostPath(seccomp.localhostRef).hasPrefix("/") {
      throw RuntimeError(
        .invalidArgument, "container \(name): seccomp.localhost_ref '\(seccomp.localhostRef)' is not the absolute path of a profile"
      )
    }
    if security.namespaces.pid == .target {
      let target = state.withLock { $0.containers[ContainerID(security.namespaces.targetID)] }
      guard let target, target.sandboxID == sandbox.id, target.machine.state == .running else {
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

  /// Source: CRI SecurityProfile.localhost_ref: it must be set if the type is Localhost, and must not otherwise.
  private func check(_ profile: SecurityProfile?, _ field: String, _ name: String) throws(RuntimeError) {
    guard let profile, profile.localhostRef.isEmpty == (profile.type == .localhost) else { return }
    throw RuntimeError(
      .invalidArgument,
      profile.type == .localhost
        ? "container \(name): \(field) of type Localhost needs a localhost_ref"
        : "container \(name): \(field).localhost_ref '\(profile.localhostRef)' has a meaning for the type Localhost only")
  }

  private func validate(_ mount: Mount, of name: String) throws(RuntimeError) {
    guard mount.containerPath.hasPrefix("/") else {
      throw RuntimeError(.invalidArgument, "container \(name): mount path '\(mount.containerPath)' is not absolute")
    }
    if let image = mount.volumeImage {
      guard mount.hostPath.isEmpty else {
        throw RuntimeError(
          .invalidArgument, "container \(name): mount \(mount.containerPath) names the host path \(mount.hostPath) and an image")
      }
      guard mount.readOnly, mount.propagation == .private else {
        throw RuntimeError(
          .invalidArgument,
          "container \(name): mount \(mount.containerPath) of image \(image.image) must be read-only, with private propagation")
      }
    } else if !mount.hostPath.hasPrefix("/") {
      throw RuntimeError(.invalidArgument, "container \(name): mount \(mount.containerPath) needs an absolute host path")
    }
    if mount.recursiveReadOnly, !mount.readOnly || mount.propagation != .private {
      throw RuntimeError(
        .invalidArgument,
        "RROUnsupported: container \(name): mount \(mount.containerPath): recursive read-only needs readonly and private propagation"
      )
    }
    if mount.uidMappings.isEmpty != mount.gidMappings.isEmpty {
      throw RuntimeError(.invalidArgument, "container \(name): mount \(mount.containerPath) maps users or groups, and not both")
    }
  }
}
