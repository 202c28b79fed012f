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

  /// Shows the owners of a detached mount's files by the mappings of a user namespace: once, before it is attached.
  /// - Throws: EINVAL for a file system that cannot be idmapped. Source: mount_setattr(2), MOUNT_ATTR_IDMAP.
  public static func map(
    _ mount: CInt, by namespace: SharedDescriptor, _ subject: String, recursive: Bool = false
  ) throws(SystemCallError) {
    _ = try namespace.withRaw { raw throws(SystemCallError) in
      // AT_EMPTY_PATH, AT_RECURSIVE; MOUNT_ATTR_IDMAP
      try kernelCall("mount_setattr(MOUNT_ATTR_IDMAP)", on: subject) {
        unsafe cl_mount_setattr(mount, "", 0x1000 | (recursive ? 0x8000 : 0), 0x0010_0000, 0, 0, raw)
      }
    }
  }
}
