import LinuxSystem
import RuntimeAPI
import ShimCore

/// The host's side of a container's volumes. Blocks: a host path may be on a network file system.
///
/// They are cloned in the host's mount namespace: podshim's would not see what is mounted after its start where the host's root mount
/// is private, and a bidirectional volume must stay a peer of the host's mount.
struct Volumes: Sendable {
  /// The container's cgroup and namespaces travel with the same request.
  static func limit(shimVersion: UInt16) -> Int { ShimProtocol.maximumDescriptors(version: shimVersion) - 8 }

  /// As `SetupOptions.mountSlots`.
  private(set) var slots: [String: [Int16]] = [:]
  private(set) var descriptors: [SharedDescriptor] = []

  /// A volume that cannot be opened gets no slot: the set-up program tries again, and its failure says why.
  /// - Parameters:
  ///   - images: what is mounted of images, by the index of the mount.
  ///   - files: files of the sandbox and devices that the container cannot open itself, after those it may have in their place; shown by
  ///     the mappings where their file system can.
  ///   - mapping: the user namespace of those mappings.
  ///   - shimVersion: of the podshim that gets them.
  /// - Throws: when the host's mount does not propagate what a volume is to propagate, and for more volumes than a request carries: what
  ///   podshim would open itself is not always what the host has there.
  init(
    _ mounts: [Mount], images: [Int: SharedDescriptor] = [:], files: [Mount] = [], mapping: SharedDescriptor? = nil,
    shimVersion: UInt16 = ShimProtocol.version
  ) throws(RuntimeError) {
    let limit = Self.limit(shimVersion: shimVersion)
    guard mounts.count + files.count <= limit else {
      throw RuntimeError(.invalidArgument, "the container has \(mounts.count) mounts; this runtime can make \(limit)")
    }
    for (index, mount) in mounts.enumerated() {
      let image = images[index]
      guard let volume = image == nil ? try Self.open(mount) : image else {
        slots[mount.containerPath, default: []].append(-1)
        continue
      }
      slots[mount.containerPath, default: []].append(Int16(descriptors.count))
      descriptors.append(volume)
    }
    for file in files {
      guard let volume = try? DetachedMount.clone(file.hostPath) else { continue }
      if let mapping { volume.withRaw { raw in try? DetachedMount.map(raw, by: mapping, file.hostPath) } }
      slots[file.containerPath, default: []].append(Int16(descriptors.count))
      descriptors.append(volume)
    }
  }

  /// One more that is open already.
  mutating func add(_ volume: SharedDescriptor, at path: String) throws(RuntimeError) {
    let limit = Self.limit(shimVersion: ShimProtocol.version)
    guard descriptors.count < limit else {
      throw RuntimeError(.invalidArgument, "the container has more mounts than this runtime can make (\(limit))")
    }
    slots[path, default: []].append(Int16(descriptors.count))
    descriptors.append(volume)
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

  private static func open(_ mount: Mount) throws(RuntimeError) -> SharedDescriptor? {
    guard let volume = try? open(mount.hostPath) else { return nil }
    try checkPropagation(mount)
    if mount.uidMappings.isEmpty { return volume }
    do throws(SystemCallError) {
      let namespace = try UserMapping.namespace(uids: mount.uidMappings, gids: mount.gidMappings)
      try volume.withRaw { raw throws(SystemCallError) in try DetachedMount.map(raw, by: namespace, mount.hostPath) }
    } catch {
      throw RuntimeError(
        .failedPrecondition,
        "the volume \(mount.hostPath) at \(mount.containerPath) cannot be shown by the ids of the pod's user namespace: its file system "
          + "or this kernel has no idmapped mounts, or the mapping is not possible", cause: error)
    }
    return volume
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
