import ShimCore

/// What usually is behind an error number of an operation; "" when there is nothing better than the errno's text.
extension SetupFailureExplainer {
  static func hint(_ operation: SetupOperation, _ context: Context) -> String {
    if context.call == "clone" { return birthHint(context) }
    switch operation {
    case .execute(let candidates, let arguments, _): return executeHint(candidates, arguments, context)
    case .overlayRoot, .overlayRootByMount: return overlayHint(context)
    case .bind(let mount): return bindHint(mount, context)
    case .fileSystem(let type, _, let target, _, _): return fileSystemHint(type, target, context)
    case .bindRoot(let source, _):
      return context.code == Errno.noEntry ? "there is no directory \(source) on the node" : mountHint(context)
    case .makeDirectory(let path, _), .makeNode(let path, _, _, _, _, _), .makeSymlink(_, let path): return makeHint(path, context)
    case .rootPropagation, .emptyRoot, .detachedRoot, .newRootPropagation, .mask, .readOnly, .readOnlyRoot, .pivotRoot, .console:
      return mountHint(context)
    case .joinNamespaces: return joinHint(context)
    case .unshare:
      if context.code == Failure.noSpace { return "a limit on namespaces is reached: see user.max_*_namespaces in sysctl" }
      return context.code == Errno.notPermitted ? privilege("CAP_SYS_ADMIN", context) : ""
    case .hostname(let name), .domainname(let name): return nameHint(name, context)
    case .sysctl(let path, let value): return sysctlHint(path, value, context)
    case .resourceLimit(_, let soft, let hard, _): return limitHint(soft, hard, context)
    case .oomScoreAdjust:
      return context.code == Errno.access || context.code == Errno.notPermitted
        ? "lowering the score needs CAP_SYS_RESOURCE, which the agent lacks" : ""
    case .groups, .groupID, .userID: return identityHint(context)
    case .boundingCapabilities, .keepCapabilities, .capabilities, .ambientCapabilities:
      return context.code == Errno.notPermitted
        ? "the agent does not hold a capability the container is to get; ambient ones must also be inheritable and permitted" : ""
    case .seccomp: return seccompHint(context)
    case .appArmorProfile(let name): return appArmorHint(name, context)
    case .changeDirectory(let path, _): return directoryHint(path, context)
    case .controllingTerminal, .awaitStart:
      return context.code == Errno.noEntry ? "the container has no /dev/pts with a ptmx; does a volume cover /dev?" : ""
    case .streamOwner, .currentRoot, .umask, .newSession, .noNewPrivileges, .pause: return ""
    }
  }

  /// A process that joins a pid namespace is born into it with its filter.
  private static func birthHint(_ context: Context) -> String {
    switch context.code {
    case Errno.again: "too many processes: the pids limit of the pod or the user's RLIMIT_NPROC is reached"
    case Failure.noMemory: "memory is short, or the first process of the pid namespace has ended"
    case _ where context.hasFilter:
      "the seccomp profile refuses clone, by which a process gets into a pid namespace that is shared; allow it"
    default: ""
    }
  }

  static func privilege(_ capability: String, _ context: Context) -> String {
    context.hasUserNamespace
      ? "the kernel does not allow this inside a user namespace"
      : "the agent needs \(capability), and no security module may forbid it"
  }

  static func mountHint(_ context: Context) -> String {
    switch context.code {
    case Errno.notPermitted, Errno.access: privilege("CAP_SYS_ADMIN", context)
    case Failure.noSpace: "the mount namespace holds as many mounts as fs.mount-max allows, or the file system is full"
    case Errno.loop: "symbolic links on the way lead in a circle, or a link is where none may be"
    default: ""
    }
  }

  private static func makeHint(_ path: String, _ context: Context) -> String {
    switch context.code {
    case Failure.readOnlyFileSystem: "it does not exist yet, and what it would be made on is read-only: make it in the image"
    case Errno.notDirectory: "a part of the path '\(path)' is a file in the image"
    case Errno.notPermitted, Errno.access: privilege("CAP_MKNOD or CAP_DAC_OVERRIDE", context)
    case Failure.noSpace, Failure.wrongUserQuota: "the file system of containers is full"
    default: mountHint(context)
    }
  }

  private static func joinHint(_ context: Context) -> String {
    switch context.code {
    case Errno.noProcess, Errno.badDescriptor: "the process whose namespaces are to be joined has ended"
    case Errno.notPermitted: "the agent needs CAP_SYS_ADMIN in the user namespace that owns them"
    case Errno.invalid: "what was given is not a namespace of this kind, or it is the process's own user namespace"
    default: ""
    }
  }

  private static func nameHint(_ name: String, _ context: Context) -> String {
    switch context.code {
    case Errno.invalid, Failure.nameTooLong: "it has \(name.utf8.count) bytes; the kernel takes at most 64"
    case Errno.notPermitted: "that needs a uts namespace of its own and CAP_SYS_ADMIN"
    default: ""
    }
  }

  private static func sysctlHint(_ path: String, _ value: String, _ context: Context) -> String {
    switch context.code {
    case Errno.noEntry, Errno.notDirectory:
      "this kernel has no /proc/sys/\(path) in the container's namespaces: is the name right, is its module loaded?"
    case Errno.access, Errno.notPermitted, Failure.readOnlyFileSystem:
      "/proc/sys/\(path) belongs to the node, not to a namespace of the pod, or it is read-only"
    case Errno.invalid, 34: "the kernel does not accept the value '\(value)'"
    default: ""
    }
  }

  private static func limitHint(_ soft: UInt64, _ hard: UInt64, _ context: Context) -> String {
    switch context.code {
    case Errno.notPermitted: "above the agent's own limit, which only CAP_SYS_RESOURCE may exceed, or above fs.nr_open"
    case Errno.invalid: soft > hard ? "the soft limit is above the hard one" : "the kernel does not know this limit"
    default: ""
    }
  }

  private static func identityHint(_ context: Context) -> String {
    switch context.code {
    case Errno.invalid: "the id is not mapped in the pod's user namespace"
    case Errno.notPermitted:
      context.hasUserNamespace
        ? "the pod's user namespace does not allow it (setgroups may be denied)" : "the agent needs CAP_SETUID and CAP_SETGID"
    case Errno.again: "the user has as many processes as RLIMIT_NPROC allows"
    default: ""
    }
  }

  private static func seccompHint(_ context: Context) -> String {
    switch context.code {
    case Errno.access: "without no_new_privs a filter needs CAP_SYS_ADMIN"
    case Errno.invalid: "the kernel refuses the program or its flags: is CONFIG_SECCOMP_FILTER set?"
    case Failure.noMemory: "the filters of this process together are longer than the kernel allows"
    default: ""
    }
  }

  private static func appArmorHint(_ name: String, _ context: Context) -> String {
    guard context.code == Errno.noEntry || context.code == Errno.access || context.code == Errno.invalid else { return "" }
    return context.call == "openat2"
      ? "AppArmor is not enabled in this kernel"
      : "the profile is not loaded on this node: apparmor_parser loads it, aa-status lists '\(name)'"
  }

  private static func directoryHint(_ path: String, _ context: Context) -> String {
    if context.detail.hasSuffix("outside the container") {
      return "the directory lies outside the container's root: refused (CVE-2024-21626)"
    }
    switch context.code {
    case Errno.noEntry:
      return "there is no such directory in the image, and it was not made because the root file system is read-only"
    case Errno.notDirectory: return "'\(path)' or a part of it is a file in the image"
    case Errno.access:
      return "\(context.user.map { "user \($0)" } ?? "the container's user") may not enter it; look at its mode and owner"
    case Failure.readOnlyFileSystem: return "it does not exist, and the file system it would be made on is read-only"
    default: return makeHint(path, context)
    }
  }
}
