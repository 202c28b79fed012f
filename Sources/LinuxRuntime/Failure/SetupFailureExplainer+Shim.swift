import ShimCore

/// Failures of podshim itself, before the program ran (operation 0xFFFF).
extension SetupFailureExplainer {
  static func shimActivity(_ context: Context) -> String {
    let name = context.command.first.map { "'\($0)'" } ?? "the process"
    switch context.call {
    case "clone3": return "make the process for \(name)"
    case "setns": return "enter the \(context.detail) for \(name)"
    case "waitid": return "set up \(name) (\(context.detail))"
    case "pipe2", "socketpair", "epoll_ctl": return "make the pipes of \(name)"
    case _ where isIDMap(context): return "write the id mappings of the user namespace (\(context.detail))"
    case "openat", "openat2", "open": return "open the file '\(context.detail)' for \(name)"
    default: return "make the process for \(name)" + (context.detail.isEmpty ? "" : " (\(context.detail))")
    }
  }

  static func shimHint(_ context: Context) -> String {
    switch (context.call, context.code) {
    case ("clone3", Errno.again):
      return
        "too many processes: the pids limit of the pod or of a parent cgroup, kernel.pid_max, or the agent's RLIMIT_NPROC is reached"
    case ("clone3", Failure.noSpace):
      return "a limit on namespaces is reached: see user.max_*_namespaces in sysctl, or namespaces are nested 32 deep"
    case ("clone3", Failure.users): return "user namespaces are nested too deep, or user.max_user_namespaces is reached"
    case ("clone3", Errno.notPermitted):
      return "namespaces may not be made here: the agent needs CAP_SYS_ADMIN, and user namespaces may be switched off "
        + "(user.max_user_namespaces, kernel.unprivileged_userns_clone, or the agent runs in a chroot)"
    case ("clone3", Failure.noMemory):
      return "memory is short, or the first process of the pid namespace has ended: was the sandbox stopped?"
    case ("clone3", Errno.busy): return "the container's cgroup has controllers enabled for children, so no process can live in it"
    case ("clone3", Failure.unsupported): return "the container's cgroup is of type 'domain invalid': its parent is threaded"
    case ("clone3", Failure.noDevice), ("clone3", Errno.noEntry): return "the container's cgroup has been removed"
    case ("clone3", Errno.access): return "the agent may not put processes into the container's cgroup"
    case ("clone3", Errno.invalid): return "the kernel lacks one of the namespaces or clone3 flags (Linux 5.7 is needed)"
    case ("setns", Errno.noProcess): return "the process whose namespace is to be joined has ended"
    case ("setns", Errno.notPermitted): return "the agent needs CAP_SYS_ADMIN in the namespace's user namespace"
    case ("waitid", Errno.timedOut):
      return
        "what it waits for does not answer: a volume on a dead network file system, a frozen cgroup, or a filter that lets nothing end"
    case ("waitid", _) where context.hasFilter:
      return
        "its seccomp profile may refuse a call that starting a process needs (execve, write, exit_group), or something killed it"
    case ("waitid", _): return "something killed it: the memory limit is too small to start, or somebody sent it a signal"
    case (_, Failure.tooManyFiles), (_, Failure.tooManyFilesOfSystem):
      return "too many files are open: the limit RLIMIT_NOFILE of podshim or fs.file-max of the node"
    case _ where isIDMap(context):
      return context.code == Errno.notPermitted || context.code == Errno.invalid
        ? "the mapping is not allowed: ranges must not overlap, must be mapped in the agent's own user namespace, and number at most 340"
        : ""
    case ("openat", let code), ("openat2", let code), ("open", let code): return logHint(code)
    case (_, Errno.busy): return "the pod is being stopped"
    case (_, Errno.exists): return "a process of this name exists in the pod"
    default: return ""
    }
  }

  private static func isIDMap(_ context: Context) -> Bool {
    context.detail.hasSuffix("/uid_map") || context.detail.hasSuffix("/gid_map") || context.detail == "id maps"
  }

  private static func logHint(_ code: Int32) -> String {
    switch code {
    case Errno.noEntry: "the container's log file cannot be made: its directory is missing on the node"
    case Errno.access, Errno.notPermitted: "the container's log file may not be opened by the agent"
    case Failure.noSpace, Failure.wrongUserQuota: "the file system of the container's log is full"
    case Failure.readOnlyFileSystem: "the file system of the container's log is read-only"
    case Failure.isDirectory: "the path of the container's log is a directory"
    case Errno.notDirectory: "a part of the path of the container's log is not a directory"
    default: "the container's log file cannot be opened"
    }
  }
}
