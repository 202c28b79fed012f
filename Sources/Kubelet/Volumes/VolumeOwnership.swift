internal import LinuxSystem

/// Gives a volume to the pod's fsGroup. Source: kubelet volume `SetVolumeOwnership`.
enum VolumeOwnership {
  static func apply(_ root: String, group: UInt32, onlyOnMismatch: Bool) throws(KubeletError) {
    do {
      if onlyOnMismatch, let facts = try HostFiles.facts(root), facts.gid == group, facts.mode & 0o2070 == 0o2070 { return }
      try TreeOwnership.give(root, toGroup: group)
    } catch {
      throw KubeletError(.volume, "cannot give \(root) to group \(group)", cause: error)
    }
  }
}
