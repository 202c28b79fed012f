/// One step of a process's set-up program. The agent writes the list (`LinuxRuntime`), podshim's child interprets it in order,
/// between clone3(2) and execve(2), as the process it sets up; what joins a pid namespace is born into it as the last step
/// (`Interpreter.bear`). There is no policy here: every decision was made by the agent.
///
/// Paths called *host* are resolved from the root the child starts with (podshim's mount namespace); paths called *container* are
/// resolved below the new root with openat2(2) RESOLVE_IN_ROOT, so that neither symlinks nor races in an image lead out of it.
/// Descriptors are given as slots: indexes into the descriptors that travelled with the spawn request.
public enum SetupOperation: Equatable, Sendable {
  // Namespaces
  /// setns(2) with the descriptor in `slot` (a pidfd: several flags at once; a namespace file: one flag or 0).
  case joinNamespaces(slot: UInt8, flags: UInt32)
  /// Gives the pipes of the standard streams to this host user, whom a user namespace joined later calls root: its processes reopen
  /// /dev/stdout. Since version 3.
  case streamOwner(UInt32)
  /// unshare(2). The cgroup namespace is made here rather than by clone3, which would root it at podshim's own cgroup.
  case unshare(flags: UInt32)
  /// mount(2) on `/` with `flags` (MS_REC|MS_SLAVE or MS_REC|MS_PRIVATE ...): what the new mount namespace lets through.
  case rootPropagation(flags: UInt64)

  // The new root; exactly one of these comes before any container path is used
  /// An overlay of `layers` (host paths, topmost first) by fsopen/fsconfig(`lowerdir+`), moved to the host directory `at` of the
  /// child's own mount namespace. Empty `upper`: read-only overlay.
  case overlayRoot(layers: [String], upper: String, work: String, at: String)
  /// The same through mount(2), for kernels before 6.5: `layers` are relative to `base`, which becomes the working directory first
  /// because all options must fit one page.
  case overlayRootByMount(base: String, layers: [String], upper: String, work: String, at: String)
  /// A plain directory as root: open_tree(OPEN_TREE_CLONE) of the host directory `source`, moved to `at`.
  case bindRoot(source: String, at: String)
  /// A detached mount that travelled with the request: an overlay whose layers only the host's root can idmap. Its place is in podshim's
  /// directory, the working directory: paths that lead there may be closed to the root of a user namespace. Since version 3.
  case detachedRoot(slot: UInt8)
  /// A directory that is empty and read-only, for pause.
  case emptyRoot
  /// For processes that join an existing mount namespace (exec): the current root becomes the base of container paths.
  case currentRoot
  /// Propagation of the new root mount (MS_SHARED, MS_SLAVE, MS_PRIVATE, with MS_REC), needed for bidirectional volumes.
  case newRootPropagation(flags: UInt64)

  // Mounts below the new root
  /// fsopen(`type`)/fsconfig/fsmount(`attributes`: MOUNT_ATTR_*)/move_mount to the container path `target`, made when missing.
  /// Options are `key=value`, or a bare `key` for a flag. `source` is the "source" parameter, may be empty.
  case fileSystem(type: String, source: String, target: String, attributes: UInt64, options: [String])
  /// A bind mount of a host path: open_tree(clone), mount_setattr, move_mount.
  case bind(BindMount)
  /// mkdir -p of a container path.
  case makeDirectory(path: String, mode: UInt32)
  /// mknod of a container path (mode includes the S_IF type); an existing node is replaced.
  case makeNode(path: String, mode: UInt32, major: UInt32, minor: UInt32, uid: UInt32, gid: UInt32)
  /// symlink: `path` (container) -> `target` (verbatim). An existing entry is left alone.
  case makeSymlink(target: String, path: String)
  /// Hides a container path: a file under a read-only null device of podshim's, a directory under an empty read-only one. Absent: skipped.
  case mask(path: String)
  /// Bind-mounts a container path on itself, read-only (recursively). Absent: skipped.
  case readOnly(path: String)
  /// Makes the root mount read-only (not the mounts on it).
  case readOnlyRoot
  /// pivot_root(2) into the new root and detach the old one. Afterwards host paths no longer exist.
  case pivotRoot

  // Kernel settings
  case hostname(String)
  case domainname(String)
  /// Writes `value` to /proc/sys/`path` (slashes) through a procfs mounted for this only, so nothing in the image can divert it.
  case sysctl(path: String, value: String)
  /// setrlimit by RLIMIT_ number. EPERM is tolerated when `optional`.
  case resourceLimit(resource: UInt32, soft: UInt64, hard: UInt64, optional: Bool)
  /// Writes /proc/self/oom_score_adj. EACCES is tolerated when `optional` (the agent lacks CAP_SYS_RESOURCE).
  case oomScoreAdjust(value: Int32, optional: Bool)
  case umask(UInt32)
  /// setsid(2).
  case newSession
  /// TIOCSCTTY on standard input, which must be a terminal.
  case controllingTerminal
  /// Bind-mounts the terminal on /dev/console (before pivot) so that ttyname works.
  case console

  // Identity, in the order the kernel needs: groups, gid, bounding set, keep caps, uid, capability sets, no_new_privs, seccomp
  case groups([UInt32])
  case groupID(UInt32)
  case userID(UInt32)
  /// PR_CAPBSET_DROP of every capability whose bit is not in `keep`.
  case boundingCapabilities(keep: UInt64)
  /// PR_SET_KEEPCAPS, so that the change of uid keeps the permitted set.
  case keepCapabilities
  /// capset(2), bits by capability number.
  case capabilities(effective: UInt64, permitted: UInt64, inheritable: UInt64)
  /// PR_CAP_AMBIENT: clears all, then raises these.
  case ambientCapabilities(UInt64)
  case noNewPrivileges
  /// seccomp(2) SECCOMP_SET_MODE_FILTER with `flags` and a program of 8-byte sock_filter records.
  case seccomp(flags: UInt32, program: [UInt8])
  /// AppArmor profile for the next exec, written to a verified /proc/self/attr/apparmor/exec.
  case appArmorProfile(String)

  // The end
  /// chdir(2) to a container path, after pivot; made when missing if `create`. Fails when the result lies outside the root.
  case changeDirectory(path: String, create: Bool)
  /// Reports "created" and waits for the start request. Without it the process goes on at once.
  case awaitStart
  /// Marks every descriptor above 2 close-on-exec (CVE-2024-21626), resets signals, and calls execve with each of `candidates`
  /// until one exists (the agent did the PATH search purely: argv[0] itself, or every PATH entry joined with it).
  case execute(candidates: [String], arguments: [String], environment: [String])
  /// Terminal operation of the sandbox's own process: sleeps for ever, reaps children, ends on SIGTERM or SIGINT.
  case pause
}

/// A bind mount of a host path or passed descriptor on a container path.
public struct BindMount: Equatable, Sendable {
  /// Host path; symlinks are followed. Ignored when `slot` is given.
  public var source: String
  /// A descriptor that is already a detached mount (open_tree in the agent's mount namespace, for bidirectional volumes), or -1.
  public var slot: Int16
  /// A path below `source`, resolved with RESOLVE_IN_ROOT; empty: `source` itself.
  public var subPath: String
  public var target: String
  /// AT_RECURSIVE for the clone.
  public var recursive: Bool
  /// MOUNT_ATTR_* to set and clear.
  public var attributesSet: UInt64
  public var attributesClear: UInt64
  /// Whether the attributes apply to the whole tree (recursive read-only) or its top mount only.
  public var attributesRecursive: Bool
  /// MS_PRIVATE, MS_SLAVE or MS_SHARED (with MS_REC when recursive), or 0 to leave it.
  public var propagation: UInt64
  /// The source must be this kind of thing: 0 any, else S_IFMT bits (S_IFCHR for /dev/null style devices).
  public var requiredType: UInt32

  public init(
    source: String, slot: Int16 = -1, subPath: String = "", target: String, recursive: Bool = true, attributesSet: UInt64 = 0,
    attributesClear: UInt64 = 0, attributesRecursive: Bool = false, propagation: UInt64 = 0, requiredType: UInt32 = 0
  ) {
    self.source = source
    self.slot = slot
    self.subPath = subPath
    self.target = target
    self.recursive = recursive
    self.attributesSet = attributesSet
    self.attributesClear = attributesClear
    self.attributesRecursive = attributesRecursive
    self.propagation = propagation
    self.requiredType = requiredType
  }
}
