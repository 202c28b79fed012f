internal import Glibc
internal import LinuxSystem

/// Removes a directory tree that must hold no mount: what is mounted there belongs to somebody else and is never deleted.
enum DirectoryRemoval {
  static func remove(_ path: String) throws(KubeletError) {
    do {
      guard try HostFiles.facts(path, followsLink: false) != nil else { return }
    } catch  where error.code == ENAMETOOLONG {
      return  // It can never have been made.
    } catch {
      throw KubeletError(.volume, "\(path) cannot be looked at", cause: error)
    }
    if let mount = try MountTable.mounts(below: path).first {
      throw KubeletError(.volume, reason: "FailedUnMount", "\(path) is not removed: something is still mounted at \(mount)")
    }
    // Stops at another file system, too, and knows no paths: a container makes its tree as deep as it likes.
    do throws(SystemCallError) { try removeTree(path) } catch {
      throw KubeletError(.volume, "\(path) cannot be removed", cause: error)
    }
  }
}
