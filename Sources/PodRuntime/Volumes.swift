import LinuxSystem
import RuntimeAPI
import ShimCore

/// The host's side of a container's volumes. Blocks: a host path may be on a network file system.
///
/// They are cloned in the host's mount namespace: podshim's would not see what is mounted after its start where the host's root mount
/// is private, and a bidirectional volume must stay a peer of the host's mount.
struct Volumes: Sendable {
  /// podshim takes 32 descriptors with a request; the container's cgroup and namespaces need some. What is left over is opened by the
  /// set-up program in podshim's mount namespace.
  static let limit = 24

  /// Slot of each volume, by container path.
  private(set) var slots: [String: Int16] = [:]
  private(set) var descriptors: [SharedDescriptor] = []

  /// A volume that cannot be opened gets no slot: the set-up program tries again, and its failure says why.
  /// - Throws: when the host's mount does not propagate what a volume is to propagate.
  init(_ mounts: [Mount]) throws(RuntimeError) {
    let ordered = mounts.filter { $0.propagation == .bidirectional } + mounts.filter { $0.propagation != .bidirectional }
    let uses = Dictionary(mounts.map { ($0.containerPath, 1) }, uniquingKeysWith: +)
    for mount in ordered where mount.image == nil && descriptors.count < Self.limit {
      // Mounts on one place lie on each other, the last one on top: a slot would not say which is which.
      guard uses[mount.containerPath] == 1 else { continue }
      guard let volume = try? Self.open(mount.hostPath) else { continue }
      try Self.checkPropagation(mount)
      slots[mount.containerPath] = Int16(descriptors.count)
      descriptors.append(volume)
    }
  }

  /// Source: mount_namespaces(7); the words are containerd's.
  private static func checkPropagation(_ mount: Mount) throws(RuntimeError) {
    guard mount.propagation != .private, let host = try? MountFacts.of(mount.hostPath) else { return }
    if mount.propagation == .bidirectional, !host.isShared {
      throw RuntimeError(
        .failedPrecondition, "path '\(mount.hostPath)' is mounted on '\(host.mountPoint)' but it is not a shared mount")
    }
    if mount.propagation == .hostToContainer, !host.isShared, !host.isSlave {
      throw RuntimeError(
        .failedPrecondition, "path '\(mount.hostPath)' is mounted on '\(host.mountPoint)' but it is not a shared or slave mount")
    }
  }

  /// A host path that is missing becomes a directory, as containerd and CRI-O do it.
  private static func open(_ path: String) throws(SystemCallError) -> SharedDescriptor {
    do {
      return try DetachedMount.clone(path)
    } catch  where error.code == Errno.noEntry {
      try makeDirectory(path, mode: 0o755)
      return try DetachedMount.clone(path)
    }
  }
}
