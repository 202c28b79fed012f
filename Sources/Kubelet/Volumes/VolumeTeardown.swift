internal import LinuxSystem
internal import Store

/// Releases what the volumes of a pod left on the node, from what is there: it needs neither the pod's manifest nor to know the types of
/// its volumes, so a pod that could never start can always be removed.
enum VolumeTeardown {
  /// Blocks on the file system; a second call finds nothing to do.
  static func run(_ paths: PodPaths, ledger: Ledger) throws(KubeletError) {
    do {
      // The last mounted first: one may stand on another.
      for mount in try MountTable.mounts(below: paths.pod).reversed() where isOwn(mount, paths) { try HostFiles.unmount(mount) }
      try DirectoryRemoval.remove(paths.subPaths)
      try DirectoryRemoval.remove(paths.volumes)
      // Last: files that filled the disk would otherwise keep the database from writing that they may go.
      try ledger.forget(try ledger.entries(owner: paths.uid.rawValue).filter { $0.kind == .mount })
    } catch let error as KubeletError {
      throw error
    } catch {
      throw KubeletError(.volume, reason: "FailedUnMount", "the pod's volumes cannot be released", cause: error)
    }
  }

  /// A volume (`volumes/PLUGIN/NAME`) or a subPath (`volume-subpaths/VOLUME/CONTAINER/INDEX`). Anything else that is mounted there belongs
  /// to somebody else: `DirectoryRemoval` refuses to touch it.
  static func isOwn(_ mount: String, _ paths: PodPaths) -> Bool {
    for (root, depth) in [(paths.volumes, 2), (paths.subPaths, 3)] where mount.hasPrefix(root + "/") {
      return mount.dropFirst(root.count + 1).split(separator: "/").count == depth
    }
    return false
  }
}
