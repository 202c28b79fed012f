import CLinux

/// What podshim hands to its new child.
public struct ChildContext {
  public var program: [UInt8]
  /// Descriptors of the spawn request, by slot.
  public var slots: [Int32]
  /// pidfd behind slot 255, or -1.
  public var processFD: Int32
  public var stdio: StdioMode
  /// Become 0, 1, 2; -1: /dev/null stays (or the terminal comes).
  public var standard: (input: Int32, output: Int32, error: Int32)
  /// The child's end of the SOCK_SEQPACKET pair.
  public var channel: Int32
  /// The child was cloned with CLONE_NEWUSER and waits for its id maps.
  public var newUserNamespace: Bool
  /// The child was cloned with CLONE_NEWPID: it is alone in its pid namespace.
  public var newPIDNamespace: Bool
  /// pidfd or namespace file of the pid namespace that the last process of the program is born into, or -1.
  public var pidTarget: Int32
  /// Where podshim mounted a procfs of that namespace, in the working directory; "": the namespace is podshim's own.
  public var joinedProcfs: String
  /// podshim lowered its own oom_score_adj.
  public var resetsOOMScore: Bool

  public init(program: [UInt8], slots: [Int32], channel: Int32) {
    self.program = program
    self.slots = slots
    self.channel = channel
    processFD = -1
    stdio = .null
    standard = (-1, -1, -1)
    newUserNamespace = false
    newPIDNamespace = false
    pidTarget = -1
    joinedProcfs = ""
    resetsOOMScore = false
  }
}

/// Runs a set-up program in the clone3 child. One process, one thread, no way back: every path ends in execve, pause or exit.
public struct Interpreter: ~Copyable {
  let context: ChildContext
  let channel: ChildChannel
  var index: UInt16 = 0
  /// The new root (O_PATH or mount descriptor) that container paths are resolved below; -1 before there is one.
  var root: Int32 = -1
  /// A procfs of this process's pid namespace that is attached nowhere, so nothing in an image can cover or divert it; -1: not needed.
  var procfs: Int32 = -1
  /// A procfs for the container, made before a user namespace was joined that does not own the pid namespace and may not mount it; -1: none.
  var hostProcfs: Int32 = -1
  /// The mappings of this process, when it is to pause; -1: it is not, or cannot know them.
  private(set) var maps: Int32 = -1
  /// oom_score_adj of this process, or the error of opening it.
  private(set) var oomScore: Int32 = -1
  /// Done by the last process when it is born.
  var startsSession = false
  var takesTerminal = false
  private var birth = -1
  /// Number of the terminal in the container's devpts; -1: none yet.
  var terminalNumber: Int32 = -1
  var umaskWasSet = false
  /// Index of the last operation that sets the user, or -1.
  private var userOperation = -1
  /// A working directory that this user may not enter (a network file system that distrusts root); the container's user may.
  var deferredDirectory: (path: String, create: Bool)?
  /// Descriptors are close-on-exec already: done before a seccomp filter could forbid close_range.
  var sealed = false

  /// Takes over the child process.
  public static func run(_ context: consuming ChildContext) -> Never {
    var interpreter = Interpreter(context: context)
    do throws(CallError) {
      try interpreter.begin()
      try interpreter.interpret()
      throw CallError("execve", Errno.noEntry, "the program has no end")
    } catch {
      interpreter.channel.send(
        SetupFailure(operation: interpreter.index, call: error.call, errno: error.code, detail: error.detail))
      cl_exit_now(127)
    }
  }

  private init(context: ChildContext) {
    self.context = context
    channel = ChildChannel(raw: context.channel)
  }

  /// Drops everything of podshim's that the child must not hold: other containers' pipes and the agent's connection would otherwise
  /// not see their end while this child waits for its start.
  private mutating func begin() throws(CallError) {
    index = 0xFFFF
    closeOthers()
    // podshim's directory and its sandbox are nobody's business in the pod.
    unsafe cl_set_arguments("podshim")
    for (number, source) in [context.standard.input, context.standard.output, context.standard.error].enumerated() where source >= 0
    {
      // The null device of the host is not the container's to change: podshim's read-only one stays in its place.
      if try isNullDevice(Files.status(source, "stdio")) { continue }
      try check(cl_dup_to(source, Int32(number)), "dup2")
    }
    // Without one of its own every container would find the agent's keys (keyrings(7)). ENOSYS: a kernel without keys.
    let keyring = cl_join_session_keyring()
    if keyring != -Errno.notImplemented { try check(keyring, "keyctl", "KEYCTL_JOIN_SESSION_KEYRING") }
    // While the path is the host's, and its owner is this process's user.
    oomScore = unsafe cl_openat(At.workingDirectory, "/proc/self/oom_score_adj", Open.writeOnly, 0)
    if context.resetsOOMScore { _ = Files.write("0", to: oomScore) }
    if context.pidTarget >= 0 {
      try check(cl_setns(context.pidTarget, Namespace.pid), "setns", "pid namespace")
    }
    if context.newUserNamespace {
      channel.awaitProceed()
      try becomeNamespaceRoot()
    }
    _ = cl_umask(0)
  }

  private func closeOthers() {
    var keep =
      context.slots + [
        context.channel, context.processFD, context.pidTarget, context.standard.input, context.standard.output,
        context.standard.error,
      ]
    keep.sort()
    var next: Int32 = 3
    for descriptor in keep where descriptor >= next {
      if descriptor > next { _ = cl_close_range(UInt32(next), UInt32(descriptor - 1), 0) }
      next = descriptor + 1
    }
    _ = cl_close_range(UInt32(next), UInt32.max, 0)
  }

  private mutating func interpret() throws(CallError) {
    let operations: [SetupOperation]
    do throws(CodecError) {
      operations = try SetupProgram.decode(context.program)
    } catch {
      throw CallError("decode", Errno.badMessage, "set-up program")
    }
    try prepare(for: operations)
    for (position, operation) in operations.enumerated() {
      index = UInt16(truncatingIfNeeded: position)
      if position == birth { try bear() }
      try perform(operation)
    }
  }

  /// Opens what later operations need while the host's paths and the parent's privileges are still there.
  private mutating func prepare(for operations: [SetupOperation]) throws(CallError) {
    // The first process of a pid namespace leaves a procfs for those who join: made now, while nobody else is there to watch.
    var needsProcfs = context.newPIDNamespace
    var joinsUser = false
    for (position, operation) in operations.enumerated() {
      switch operation {
      case .userID: userOperation = position
      case .sysctl, .appArmorProfile: needsProcfs = true
      case .joinNamespaces(_, let flags): joinsUser = joinsUser || flags & Namespace.user != 0
      case .fileSystem(let type, _, _, let attributes, _) where joinsUser && type == "proc" && context.joinedProcfs.isEmpty:
        hostProcfs = try mountProcfs(attributes)
      case .pause: maps = unsafe cl_openat(At.workingDirectory, "/proc/self/maps", Open.readOnly, 0)
      default: break
      }
    }
    if joins { birth = Self.birth(in: operations) }
    if needsProcfs { try makeProcfs() }
  }

  private mutating func makeProcfs() throws(CallError) {
    procfs = try mountProcfs(MountFlag.attributeNoSuid | MountFlag.attributeNoDevices | MountFlag.attributeNoExec)
    if context.newPIDNamespace { try channel.send(.procfs, descriptor: procfs) }
  }

  private func mountProcfs(_ attributes: UInt64) throws(CallError) -> Int32 {
    let configuration = Descriptor(adopting: try check(unsafe cl_fsopen("proc", 1), "fsopen", "proc"))
    try check(cl_fsconfig(configuration.raw, MountFlag.configCreate, nil, nil, 0), "fsconfig", "proc")
    return try check(cl_fsmount(configuration.raw, 1, UInt32(truncatingIfNeeded: attributes)), "fsmount", "proc")
  }

  /// Whether an operation after this one sets the user.
  private var changesUser: Bool { userOperation > Int(index) }

  private mutating func perform(_ operation: SetupOperation) throws(CallError) {
    switch operation {
    case .joinNamespaces(let slot, let flags): try joinNamespaces(slot, flags)
    case .unshare(let flags): try check(cl_unshare(flags), "unshare")
    case .rootPropagation(let flags): try check(unsafe cl_mount(nil, "/", nil, flags, nil), "mount", "/")
    case .overlayRoot(let layers, let upper, let work, let at): try overlayRoot(layers, upper, work, at)
    case .overlayRootByMount(let base, let layers, let upper, let work, let at):
      try overlayRootByMount(base, layers, upper, work, at)
    case .bindRoot(let source, let at): try bindRoot(source, at)
    case .emptyRoot: try emptyRoot()
    case .detachedRoot(let slot): try detachedRoot(slot)
    case .streamOwner(let user): giveStreams(to: user)
    case .currentRoot:
      root = try Files.open("/", Open.path | Open.directory).release()
      takeNull()
    case .newRootPropagation(let flags): try setPropagation(root, flags, "/")
    case .fileSystem(let type, let source, let target, let attributes, let options):
      try mountFileSystem(type, source, target, attributes, options)
    case .bind(let mount): try bind(mount)
    case .makeDirectory(let path, let mode): _ = try makePath(path, directory: true, mode: mode)
    case .makeNode(let path, let mode, let major, let minor, let uid, let gid):
      try makeNode(path, mode, major, minor, uid, gid)
    case .makeSymlink(let target, let path): try makeSymlink(target, path)
    case .mask(let path): try mask(path)
    case .readOnly(let path): try makeReadOnly(path)
    case .readOnlyRoot:
      try check(
        unsafe cl_mount_setattr(root, "", At.emptyPath, MountFlag.attributeReadOnly, 0, 0, -1), "mount_setattr", "/")
    case .pivotRoot:
      try pivotRoot()
      takeNull()
    case .hostname(let name): try check(unsafe cl_sethostname(name, name.utf8.count), "sethostname", name)
    case .domainname(let name): try check(unsafe cl_setdomainname(name, name.utf8.count), "setdomainname", name)
    case .sysctl(let path, let value): try writeKernelFile("sys/" + path, value)
    case .resourceLimit(let resource, let soft, let hard, let optional):
      let result = cl_setrlimit(resource, soft, hard)
      if !(optional && result == -Errno.notPermitted) { try check(result, "prlimit64", decimal(resource)) }
    case .oomScoreAdjust(let value, let optional): try setOOMScore(value, optional)
    case .umask(let mask):
      umaskWasSet = true
      _ = cl_umask(mask)
    case .newSession: if joins { startsSession = true } else { try check(cl_setsid(), "setsid") }
    case .controllingTerminal:
      try openTerminal()
      if joins { takesTerminal = true } else { try check(cl_terminal_control(0), "ioctl", "TIOCSCTTY") }
    case .console: try bindConsole()
    case .groups(let groups): try check(unsafe cl_setgroups(groups, groups.count), "setgroups")
    case .groupID(let group): try check(cl_setresgid(group), "setresgid", decimal(group))
    case .userID(let user):
      try setUser(user)
      if let directory = deferredDirectory {
        deferredDirectory = nil
        try changeDirectory(directory.path, directory.create)
      }
    case .boundingCapabilities(let keep): try dropBounding(keep)
    case .keepCapabilities: try check(cl_prctl(Prctl.setKeepCapabilities, 1, 0), "prctl", "PR_SET_KEEPCAPS")
    case .capabilities(let effective, let permitted, let inheritable):
      try check(cl_capset(effective, permitted, inheritable), "capset")
    case .ambientCapabilities(let set): try setAmbient(set)
    case .noNewPrivileges: try check(cl_prctl(Prctl.setNoNewPrivileges, 1, 0), "prctl", "PR_SET_NO_NEW_PRIVS")
    case .seccomp(let flags, let program): try loadFilter(flags, program)
    case .appArmorProfile(let profile): try setAppArmor(profile)
    case .changeDirectory(let path, let create):
      do throws(CallError) {
        try changeDirectory(path, create)
      } catch {
        guard error.code == Errno.access, changesUser else { throw error }
        deferredDirectory = (path, create)
      }
    case .awaitStart:
      try openTerminal()
      channel.send(.created)
      channel.awaitProceed()
    case .execute(let candidates, let arguments, let environment):
      try openTerminal()
      try execute(candidates, arguments, environment)
    case .pause: pause()
    }
  }
}
