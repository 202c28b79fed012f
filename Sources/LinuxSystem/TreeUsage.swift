import CLinux
import Glibc

/// Disk blocks and inodes below a directory, like du(1): links are not followed, nothing is opened but directories.
public enum TreeUsage {
  public static func measure(_ path: String) throws(SystemCallError) -> (bytes: UInt64, inodes: UInt64) {
    var bytes: UInt64 = 0
    var inodes: UInt64 = 0
    var pending = [path]
    while let directory = pending.popLast() {
      for name in try listDirectory(directory) {
        var status = stat()
        // An entry may vanish while we walk.
        guard unsafe lstat("\(directory)/\(name)", &status) == 0 else { continue }
        inodes += 1
        bytes += UInt64(status.st_blocks) * 512
        if status.st_mode & S_IFMT == S_IFDIR { pending.append("\(directory)/\(name)") }
      }
    }
    return (bytes, inodes)
  }
}
