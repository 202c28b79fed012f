import CLinux
import Glibc

/// What a path is, as far as device handling cares. Symbolic links are followed.
public enum FileKind: Sendable {
  public struct Node: Sendable {
    public let isBlock: Bool
    public let major: UInt32
    public let minor: UInt32
    /// Permission bits.
    public let mode: UInt32
    public let uid: UInt32
    public let gid: UInt32
  }
  case device(Node)
  case directory
  case other

  public static func of(_ path: String) throws(SystemCallError) -> FileKind {
    var status = stat()
    _ = try systemCall("stat", on: path) { unsafe stat(path, &status) }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .directory
    case S_IFCHR, S_IFBLK:
      let device = UInt64(status.st_rdev)
      return .device(
        Node(
          isBlock: status.st_mode & S_IFMT == S_IFBLK,
          // makedev(3) of glibc.
          major: UInt32((device >> 8) & 0xfff) | UInt32((device >> 32) & ~0xfff),
          minor: UInt32(device & 0xff) | UInt32((device >> 12) & 0xffff_ff00), mode: status.st_mode & 0o7777, uid: status.st_uid,
          gid: status.st_gid))
    default: return .other
    }
  }
}

/// Mounts that are attached nowhere.
public enum DetachedMount {
  /// open_tree(2) OPEN_TREE_CLONE|AT_RECURSIVE of a host path, in the caller's mount namespace: the copy is a peer of the original.
  public static func clone(_ path: String) throws(SystemCallError) -> SharedDescriptor {
    SharedDescriptor(
      OwnedDescriptor(
        adopting: try kernelCall("open_tree", on: path) {
          // AT_FDCWD; OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE
          unsafe cl_open_tree(-100, path, 0x1 | 0x80000 | 0x8000)
        }))
  }
}
