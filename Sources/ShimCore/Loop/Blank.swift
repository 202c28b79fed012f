import CLinux

/// An empty directory and a null device that nobody can change, in podshim's directory and seen in its mount namespace only: what masks
/// paths, is the root of pause, and the standard input of who has none. A null device of the host's in their place would let any
/// container's root change its mode and owner for the whole node.
enum Blank {
  private static let mountPoint = "blank"
  static let directory = "blank/empty"
  static let null = "blank/null"

  /// Below the working directory. The file system itself becomes read-only, not only its mount.
  static func make() throws(CallError) {
    let configuration = Descriptor(adopting: try check(unsafe cl_fsopen("tmpfs", 1), "fsopen", "tmpfs"))
    let options = [("mode", "755"), ("nr_inodes", "4"), ("size", "4k")]
    for (key, value) in options {
      try check(unsafe cl_fsconfig(configuration.raw, MountFlag.configString, key, value, 0), "fsconfig", key)
    }
    try check(cl_fsconfig(configuration.raw, MountFlag.configCreate, nil, nil, 0), "fsconfig", "tmpfs")
    let attributes = UInt32(MountFlag.attributeNoSuid | MountFlag.attributeNoExec)
    let mount = Descriptor(adopting: try check(cl_fsmount(configuration.raw, 1, attributes), "fsmount", "tmpfs"))
    try check(unsafe cl_mkdirat(mount.raw, "empty", 0o555), "mkdirat", directory)
    let mask = cl_umask(0)
    let made = unsafe cl_mknodat(mount.raw, "null", FileType.character | 0o666, 1, 3)
    _ = cl_umask(UInt32(mask))
    try check(made, "mknodat", null)
    try check(unsafe cl_fsconfig(configuration.raw, MountFlag.configFlag, "ro", nil, 0), "fsconfig", "ro")
    try check(cl_fsconfig(configuration.raw, MountFlag.configReconfigure, nil, nil, 0), "fsconfig", "reconfigure")
    let place = unsafe cl_mkdirat(At.workingDirectory, mountPoint, 0o755)
    if place != -Errno.exists { try check(place, "mkdirat", mountPoint) }
    try check(
      unsafe cl_move_mount(mount.raw, "", At.workingDirectory, mountPoint, MountFlag.moveFromEmpty), "move_mount", mountPoint)
  }
}
