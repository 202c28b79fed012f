import CLinux

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
