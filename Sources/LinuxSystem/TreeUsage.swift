import CLinux
import Glibc

/// Disk blocks and inodes below a directory, like du(1): links are not followed, a file of several names counts once, nothing is opened
/// but directories.
public enum TreeUsage {
  public static func measure(_ path: String) throws(SystemCallError) -> (bytes: UInt64, inodes: UInt64) {
    var bytes: UInt64 = 0
    var inodes: UInt64 = 0
    var linked: Set<ino_t> = []
    var pending: [(base: SharedDescriptor?, path: String)] = [(nil, path)]
    while var (base, directory) = pending.popLast() {
      // A container makes its tree as deep as it likes: no path may become longer than the kernel takes (PATH_MAX).
      if directory.utf8.count > 2048 {
        let raw = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        if raw < 0 { continue }
        base = SharedDescriptor(OwnedDescriptor(adopting: raw))
        directory = "/proc/self/fd/\(raw)/."
      }
      try eachName(in: directory) { name in
        var status = stat()
        // An entry may vanish while we walk.
        guard unsafe lstat("\(directory)/\(name)", &status) == 0 else { return }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        if !isDirectory, status.st_nlink > 1, !linked.insert(status.st_ino).inserted { return }
        inodes += 1
        bytes += UInt64(status.st_blocks) * 512
        if isDirectory { pending.append((base, "\(directory)/\(name)")) }
      }
    }
    return (bytes, inodes)
  }
}
