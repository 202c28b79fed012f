internal import Glibc
internal import LinuxSystem

/// Removes a directory tree that must hold no mount: what is mounted there belongs to somebody else and is never deleted.
enum DirectoryRemoval {
  static func remove(_ path: String) throws(KubeletError) {
    do {
      guard let facts = try HostFiles.facts(path, followsLink: false) else { return }
      if let mount = try MountTable.mounts(below: path).first {
        throw KubeletError(.volume, reason: "FailedUnMount", "\(path) is not removed: something is still mounted at \(mount)")
      }
      if facts.kind == .directory, let other = try foreign(path, device: facts.device) {
        throw KubeletError(.volume, reason: "FailedUnMount", "\(path) is not removed: \(other) is on another file system")
      }
      try removeTree(path)
    } catch let error as SystemCallError where error.code == ENAMETOOLONG {
      return  // It can never have been made.
    } catch let error as KubeletError {
      throw error
    } catch {
      throw KubeletError(.volume, "\(path) cannot be removed", cause: error)
    }
  }

  private static func foreign(_ root: String, device: UInt64) throws(SystemCallError) -> String? {
    var pending = [root]
    while let directory = pending.popLast() {
      for name in try listDirectory(directory) {
        let path = "\(directory)/\(name)"
        guard let facts = try HostFiles.facts(path, followsLink: false) else { continue }
        if facts.device != device { return path }
        if facts.kind == .directory { pending.append(path) }
      }
    }
    return nil
  }
}
