import CLinux
import Glibc
import LinuxSystem

/// Gives up everything this process does not need, before it looks at a byte that a stranger wrote. In this order:
///
/// 1. limits, and nobody may trace it;
/// 2. mount, network, ipc, uts and cgroup namespaces of its own; its root becomes the directory it fills (no devices, no set-user-ID, no
///    programs), or an empty read-only one;
/// 3. every descriptor of the host's directories is closed;
/// 4. privilege: filling a directory keeps five capabilities (below), anything else runs as nobody with none;
/// 5. no_new_privs, landlock where the kernel has it, seccomp.
///
/// There is no pid namespace: no system call that is left reaches another process, and /proc is out of sight.
/// fcntl is left with five commands: F_SETOWN and O_ASYNC would make the kernel kill any process of the node.
enum Seal {
  /// What a layer's files take: owners (CHOWN), modes and times of files of others (FOWNER), set-group-ID bits that stay (FSETID), names
  /// in directories of others (DAC_OVERRIDE), device nodes (MKNOD, which the nodev mount keeps from being opened), file capabilities
  /// (SETFCAP). Numbers of capabilities(7). Not in it: SYS_ADMIN, without which overlayfs's marks are the agent's to set.
  private static let layerCapabilities: UInt64 = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 27 | 1 << 31
  private static let nobody: UInt32 = 65534

  /// - Parameters:
  ///   - directory: becomes the root directory and is closed; negative: none.
  ///   - keep: descriptors that stay open besides; all above them are closed.
  ///   - calls: false leaves seccomp out, so that a test can look at the rest.
  static func close(around directory: CInt, highestDescriptor keep: CInt, calls: Bool = true) throws(SystemCallError) {
    try limits()
    let root = try detachedRoot(directory)
    try kernel("unshare") { cl_unshare(0x0002_0000 | 0x4000_0000 | 0x0800_0000 | 0x0400_0000 | 0x0200_0000) }
    try enter(root)
    // The directory as it was passed belongs to the host's mounts: from it, `..` would lead out.
    try kernel("close_range") { cl_close_range(UInt32(keep + 1), UInt32.max, 0) }
    let inside = directory < 0 ? -1 : try kernelCall("open", on: "/") { unsafe cl_openat(-100, "/", 0o10000000 /* O_PATH */, 0) }
    try dropPrivilege(keep: directory < 0 ? 0 : layerCapabilities)
    try kernel("prctl(PR_SET_NO_NEW_PRIVS)") { cl_no_new_privileges() }
    let landlock = cl_landlock_version()
    // The first version forbids links from one directory to another altogether.
    if landlock >= 2 || landlock == 1 && directory < 0 { try kernel("landlock") { cl_landlock_restrict(inside, landlock) } }
    if inside >= 0 { Glibc.close(inside) }
    if calls { try kernel("seccomp") { cl_seal_calls(directory < 0 ? 0 : 1) } }
  }

  private static func kernel(_ call: String, _ body: () -> Int32) throws(SystemCallError) {
    _ = try kernelCall(call, on: "unpacker", body)
  }

  /// A damaged or hostile archive meets these, not the node's memory.
  private static func limits() throws(SystemCallError) {
    try kernel("prctl(PR_SET_DUMPABLE)") { cl_prctl(4, 0, 0) }
    try kernel("setrlimit(CORE)") { cl_setrlimit(4, 0, 0) }
    try kernel("setrlimit(NOFILE)") { cl_setrlimit(7, 64, 64) }
    // zstd and xz ask for windows of 128 MiB and more.
    try kernel("setrlimit(AS)") { cl_setrlimit(9, 1 << 30, 1 << 30) }
    // The end of a parser that runs in circles when even the agent that would stop it is gone; seconds.
    try kernel("setrlimit(CPU)") { cl_setrlimit(0, 3600, 3600) }
  }

  /// A mount that is attached nowhere. Made before the mount namespace: a clone of another namespace's mount is refused.
  private static func detachedRoot(_ directory: CInt) throws(SystemCallError) -> CInt {
    let (noSetID, noDevices, noPrograms, readOnly): (UInt64, UInt64, UInt64, UInt64) = (2, 4, 8, 1)
    if directory >= 0 {
      // OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH
      let tree = try kernelCall("open_tree", on: "layer") { unsafe cl_open_tree(directory, "", 0x1 | 0x80000 | 0x1000) }
      // MS_PRIVATE: a copy of a shared mount, as systemd makes them all, is its peer, and no root for pivot_root(2).
      try kernel("mount_setattr") { unsafe cl_mount_setattr(tree, "", 0x1000, noSetID | noDevices | noPrograms, 0, 0x40000, -1) }
      return tree
    }
    let context = try kernelCall("fsopen", on: "tmpfs") { unsafe cl_fsopen("tmpfs", 1) }
    try kernel("fsconfig") { cl_fsconfig(context, 6 /* FSCONFIG_CMD_CREATE */, nil, nil, 0) }
    return try kernelCall("fsmount", on: "tmpfs") { cl_fsmount(context, 1, UInt32(noSetID | noDevices | noPrograms | readOnly)) }
  }

  private static func enter(_ root: CInt) throws(SystemCallError) {
    // MS_REC | MS_PRIVATE
    try kernel("mount(private)") { unsafe cl_mount("none", "/", nil, 0x4000 | 0x40000, nil) }
    // MOVE_MOUNT_F_EMPTY_PATH. On top of the old root, which the pivot then takes away.
    try kernel("move_mount") { unsafe cl_move_mount(root, "", -100, "/", 0x4) }
    try kernel("fchdir") { cl_fchdir(root) }
    try kernel("pivot_root") { unsafe cl_pivot_root(".", ".") }
    try kernel("umount") { unsafe cl_umount(".", 2 /* MNT_DETACH */) }
    try kernel("chdir") { unsafe cl_chdir("/") }
  }

  private static func dropPrivilege(keep: UInt64) throws(SystemCallError) {
    try kernel("setgroups") { unsafe cl_setgroups([], 0) }
    try kernel("prctl(PR_CAPBSET_DROP)") { cl_drop_bounding(keep) }
    if keep == 0 {
      try kernel("setresgid") { cl_setresgid(nobody) }
      try kernel("setresuid") { cl_setresuid(nobody) }
    }
    try kernel("capset") { cl_capset(keep, keep, 0) }
  }
}
