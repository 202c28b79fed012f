import CLinux
import Glibc

/// Files and directories that chattr(1) made immutable or append-only: a container with CAP_LINUX_IMMUTABLE does, and nobody could remove
/// its layer or its volume.
enum FixedFiles {
  /// Takes those flags from a directory, and from an entry of it. Links are not followed, and nothing but files and directories is opened:
  /// to open a device may be an action.
  /// - Returns: whether there was one to take.
  static func release(_ name: String, in parent: SharedDescriptor) -> Bool {
    let (hadParent, hadEntry) = parent.withRaw { raw in (releaseOpen(raw), releaseEntry(raw, name)) }
    return hadParent || hadEntry
  }

  /// FS_IMMUTABLE_FL | FS_APPEND_FL
  private static let fixed: Int32 = 0x30

  private static func releaseOpen(_ raw: CInt) -> Bool {
    let flags = cl_file_flags(raw)
    return flags >= 0 && flags & fixed != 0 && cl_set_file_flags(raw, flags & ~fixed) == 0
  }

  private static func releaseEntry(_ parent: CInt, _ name: String) -> Bool {
    let place = unsafe openat(parent, name, 0o10000000 /* O_PATH */ | O_NOFOLLOW | O_CLOEXEC)
    guard place >= 0 else { return false }
    let entry = OwnedDescriptor(adopting: place)
    return entry.withRaw { raw in
      var status = stat()
      guard unsafe fstat(raw, &status) == 0, [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return false }
      let opened = unsafe open("/proc/self/fd/\(raw)", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      guard opened >= 0 else { return false }
      return OwnedDescriptor(adopting: opened).withRaw { releaseOpen($0) }
    }
  }
}
