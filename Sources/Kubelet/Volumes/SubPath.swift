internal import LinuxSystem
internal import Store

/// A part of a volume that a container mounts. The container's siblings may change the volume at any moment, so no path in it is ever looked
/// up twice: the kubelet holds the part by a descriptor that the kernel resolved inside the volume, and binds that where only the kubelet
/// writes. Source: kubelet volume/util/subpath (CVE-2017-1002101, CVE-2021-25741).
struct SubPath: Equatable, Sendable {
  /// The volume on the host.
  let root: String
  /// Relative, without `..`.
  let path: String
  /// Where the runtime finds it.
  let target: String

  /// Blocks on the file system. A binding of a run before is replaced: the part may be another one now.
  func bind(ledger: Ledger, owner: String) throws(KubeletError) {
    do {
      let part = try ConfinedDirectory(root).openMaking(path)
      if let slash = target.lastIndex(of: "/") { try makeDirectory(String(target[..<slash]), mode: 0o750, parents: 0o750) }
      try release()
      if HostFiles.isDirectory(part) {
        try makeDirectory(target, mode: 0o750, parents: 0o750)
      } else {
        try HostFiles.makeFile(target)
      }
      try ledger.record([Ledger.Entry(.mount, target, owner: owner)])
      try HostFiles.bind(part, to: target)
    } catch {
      throw KubeletError(
        .volume, reason: "CreateContainerConfigError", "failed to prepare subPath \"\(path)\" of volume \(root)", cause: error)
    }
  }

  private func release() throws {
    while try MountTable.isMountPoint(target) { try HostFiles.unmount(target) }
    try DirectoryRemoval.remove(target)
  }
}
