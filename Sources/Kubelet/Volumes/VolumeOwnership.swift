internal import LinuxSystem

/// Gives a volume to the pod's fsGroup. Source: kubelet volume `SetVolumeOwnership`.
enum VolumeOwnership {
  static func apply(_ root: String, group: UInt32, onlyOnMismatch: Bool) throws(KubeletError) {
    do {
      if onlyOnMismatch, let facts = try HostFiles.facts(root), facts.gid == group, facts.mode & 0o2070 == 0o2070 { return }
      try own(root, group)
      var pending = [root]
      while let directory = pending.popLast() {
        for name in try listDirectory(directory) {
          let path = "\(directory)/\(name)"
          try own(path, group)
          if try HostFiles.facts(path, followsLink: false)?.kind == .directory { pending.append(path) }
        }
      }
    } catch {
      throw KubeletError(.volume, "cannot give \(root) to group \(group)", cause: error)
    }
  }

  private static func own(_ path: String, _ group: UInt32) throws(SystemCallError) {
    guard let facts = try HostFiles.facts(path, followsLink: false) else { return }
    try HostFiles.changeOwner(path, gid: group)
    switch facts.kind {
    case .symlink: break
    case .directory: try HostFiles.changeMode(path, facts.mode | 0o2770)
    default: try HostFiles.changeMode(path, facts.mode | 0o660)
    }
  }
}
