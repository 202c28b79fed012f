import ShimCore

extension SetupOperation {
  /// The operation as it follows "cannot".
  func activity(_ context: SetupFailureExplainer.Context) -> String {
    switch self {
    case .joinNamespaces(_, let flags): "join the \(Self.namespaces(UInt64(flags))) of the pod"
    case .unshare(let flags): "make the \(Self.namespaces(UInt64(flags)))"
    case .rootPropagation: "set the mount propagation of /"
    case .overlayRoot(let layers, _, _, _), .overlayRootByMount(_, let layers, _, _, _):
      "mount the root file system (overlay of \(layers.count) image layers, \(context.detail))"
    case .bindRoot(let source, _): "use the directory '\(source)' as root file system"
    case .streamOwner: "give the standard streams to the pod's root"
    case .detachedRoot: "mount the root file system"
    case .emptyRoot: "make the empty root of the sandbox's own process"
    case .currentRoot: "open the root directory of the container"
    case .newRootPropagation: "set the mount propagation of the container's root"
    case .fileSystem(let type, _, let target, _, _):
      "mount \(type) on '\(target)'\(Self.about(context.detail, besides: [type, target]))"
    case .bind(let mount):
      "mount \(mount.slot >= 0 ? "the volume" : "the host path '\(mount.source)'")"
        + (mount.subPath.isEmpty ? "" : " (subPath '\(mount.subPath)')")
        + " on '\(mount.target)'\(Self.about(context.detail, besides: [mount.source, mount.target]))"
    case .makeDirectory(let path, _): "make the directory '\(path)' in the container"
    case .makeNode(let path, _, let major, let minor, _, _): "make the device '\(path)' (\(major):\(minor)) in the container"
    case .makeSymlink(let target, let path): "make the link '\(path)' -> '\(target)' in the container"
    case .mask(let path): "hide '\(path)' from the container"
    case .readOnly(let path): "make '\(path)' read-only for the container"
    case .readOnlyRoot: "make the root file system read-only"
    case .pivotRoot: "change to the container's root file system\(Self.about(context.detail, besides: [""]))"
    case .hostname(let name): "set the host name to '\(name)'"
    case .domainname(let name): "set the domain name to '\(name)'"
    case .sysctl(let path, let value): "set the sysctl \(SetupProgramBuilder.sysctlName(path)) to '\(value)'"
    case .resourceLimit(let resource, let soft, let hard, _): "set \(Self.limit(resource)) to soft \(soft), hard \(hard)"
    case .oomScoreAdjust(let value, _): "set oom_score_adj to \(value)"
    case .umask(let mask): "set the umask to \(String(mask, radix: 8))"
    case .newSession: "start a session for the process"
    case .controllingTerminal: "give the process its terminal"
    case .console: "mount the terminal on /dev/console"
    case .groups(let groups): "set the supplementary groups \(groups.map(String.init).joined(separator: ", "))"
    case .groupID(let id): "change to group \(id)"
    case .userID(let id): "change to user \(id)"
    case .boundingCapabilities, .keepCapabilities, .capabilities, .ambientCapabilities:
      "set the capabilities of the process\(Self.about(context.detail, besides: [""]))"
    case .noNewPrivileges: "set no_new_privs for the process"
    case .seccomp(_, let program): "load the seccomp filter (\(program.count / 8) instructions)"
    case .appArmorProfile(let name): "set the AppArmor profile '\(name)'"
    case .changeDirectory(let path, _): "enter the working directory '\(path)'"
    case .awaitStart: "prepare the start of the process\(Self.about(context.detail, besides: [""]))"
    case .execute(let candidates, let arguments, _): "run '\(Self.program(context, candidates, arguments))'"
    case .pause: "wait in the sandbox's own process"
    }
  }

  /// What execve was about: the file the failure names; else the command as it was written.
  private static func program(_ context: SetupFailureExplainer.Context, _ candidates: [String], _ arguments: [String]) -> String {
    let named = context.command.first ?? arguments.first ?? candidates.first ?? ""
    if candidates.count <= 1 || context.code == Errno.noEntry || context.detail.hasPrefix("elf:")
      || context.detail.hasPrefix("shebang:")
    {
      return candidates.count == 1 ? candidates[0] : named
    }
    return context.detail.isEmpty ? named : context.detail
  }

  private static func about(_ detail: String, besides known: [String]) -> String {
    detail.isEmpty || known.contains(detail) ? "" : " (\(detail))"
  }

  private static func namespaces(_ flags: UInt64) -> String {
    let kinds: [NamespaceFlag] = [
      ("user", Kernel.newUser), ("mount", Kernel.newMount), ("pid", Kernel.newPID), ("network", Kernel.newNetwork),
      ("ipc", Kernel.newIPC), ("uts", Kernel.newUTS), ("cgroup", Kernel.newCgroup),
    ]
    let named = kinds.filter { flags & $0.flag != 0 }.map(\.name)
    return named.isEmpty ? "namespace" : named.joined(separator: ", ") + (named.count == 1 ? " namespace" : " namespaces")
  }
  private typealias NamespaceFlag = (name: String, flag: UInt64)

  private static func limit(_ number: UInt32) -> String {
    Kernel.limits.first { $0.value == number }?.key ?? "resource limit \(number)"
  }
}

extension SetupProgramBuilder {
  /// The inverse of `sysctlPath`.
  static func sysctlName(_ path: String) -> String { String(path.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 }) }
}
