import CLinux

extension Shim {
  /// First of all, so that every child is born so: whoever shares a pid namespace with one must not trace it or reach podshim's memory
  /// and descriptors through it (CVE-2016-9962). Notes where the arguments are, which children do not show.
  public static func becomePrivate(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
    _ = cl_prctl(Prctl.setDumpable, 0, 0)
    unsafe cl_note_arguments(count, arguments)
  }

  /// Prepares the process and its directory. The working directory becomes `directory`, so its socket's path is short however deep it lies.
  /// - Throws: the first call that failed; nothing is left but an unused socket file.
  public static func start(_ directory: String) throws(CallError) -> Shim {
    _ = cl_close_range(4, UInt32.max, 0)
    try checkAgentSocket()
    // Fails only for a process group leader, which is then free of a terminal already.
    _ = cl_setsid()
    _ = unsafe cl_set_name("podshim")
    try check(cl_prctl(Prctl.setChildSubreaper, 1, 0), "prctl", "PR_SET_CHILD_SUBREAPER")
    _ = cl_ignore_signal(Signal.pipe)
    // RLIMIT_FSIZE of the agent's service must not end a pod whose log reaches it.
    _ = cl_ignore_signal(Signal.fileSize)
    try privateMounts(directory)
    try check(unsafe cl_chdir(directory), "chdir", directory)
    try Blank.make()
    let null = try Files.open(Blank.null, Open.readWrite)
    for number: Int32 in 0...2 { try check(cl_dup_to(null.raw, number), "dup2") }

    var lowers = false
    if let score = try? Files.open("/proc/self/oom_score_adj", Open.writeOnly) { lowers = Files.write("-999", to: score.raw) > 0 }
    let shim = Shim(
      loop: try Loop.make(), listener: try listen(), signals: try childSignals(),
      timer: Descriptor(adopting: try check(cl_timerfd(), "timerfd_create")), lowersOOMScore: lowers)
    try shim.watchBasics()
    let file = try Files.open("shim.pid", Open.writeOnly | Open.create | Open.truncate, mode: 0o600)
    try check(Files.write(decimal(cl_getpid()) + "\n", to: file.raw), "write", "shim.pid")
    shim.add(Descriptor(adopting: socket))
    return shim
  }

  /// The agent's end is descriptor 3.
  private static let socket: Int32 = 3

  /// Whoever starts podshim without it is not the agent: a container that runs /proc/self/exe in an exec, for one.
  private static func checkAgentSocket() throws(CallError) {
    guard try Files.status(socket, "descriptor 3").mode & FileType.mask == FileType.socket else {
      throw CallError("fstat", Errno.badDescriptor, "descriptor 3 is not the agent's socket")
    }
    try check(cl_set_close_on_exec(socket), "fcntl")
  }

  /// The host's mount table never sees the pod's /dev/shm; host mounts still arrive here (slave), for volumes mounted later.
  private static func privateMounts(_ directory: String) throws(CallError) {
    try check(cl_unshare(Namespace.mount), "unshare")
    try check(unsafe cl_mount(nil, "/", nil, MountFlag.flagRecursive | MountFlag.flagSlave, nil), "mount", "/")
    let shm = directory + "/shm"
    let made = unsafe cl_mkdirat(At.workingDirectory, shm, 0o1777)
    if made != -Errno.exists { try check(made, "mkdirat", shm) }
    try check(
      unsafe cl_mount(
        "shm", shm, "tmpfs", MountFlag.flagNoSuid | MountFlag.flagNoDevices | MountFlag.flagNoExec, "mode=1777,size=67108864"),
      "mount", shm)
  }

  private static func listen() throws(CallError) -> Descriptor {
    let socket = Descriptor(adopting: try check(cl_unix_socket(), "socket"))
    _ = unsafe cl_unlinkat(At.workingDirectory, "shim.sock", 0)
    let mask = cl_umask(0o177)
    let bound = unsafe cl_unix_bind(socket.raw, "shim.sock")
    _ = cl_umask(UInt32(mask))
    try check(bound, "bind", "shim.sock")
    try check(cl_listen(socket.raw), "listen", "shim.sock")
    return socket
  }

  private static func childSignals() throws(CallError) -> Descriptor {
    let mask = Signal.bit(Signal.child)
    try check(cl_block_signals(mask), "sigprocmask")
    return Descriptor(adopting: try check(cl_signalfd(mask), "signalfd4"))
  }

  /// Answers what the agent sent before it knew (its hello, most likely the sandbox's set-up) with why `start` failed: nobody reads a
  /// podshim's standard error.
  public static func report(_ error: CallError) {
    let reason = "podshim cannot start: " + error.call + " " + error.detail
    var header = [UInt8](repeating: 0, count: ShimFrame.headerSize)
    // The first frame is waited for; what follows is there or is not.
    while readFully(&header), let frame = try? ShimFrame.decodeHeader(header) {
      var rest = frame.payloadLength
      while rest > 0 {
        var chunk = [UInt8](repeating: 0, count: min(rest, 4096))
        guard readFully(&chunk) else { return }
        rest -= chunk.count
      }
      let reply = ShimFrame.encode(.refused(errno: error.code, text: reason), id: frame.requestID)
      _ = unsafe cl_write(socket, reply, reply.count)
      _ = cl_set_nonblocking(socket)
    }
  }

  private static func readFully(_ bytes: inout [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return Int64(0) }
        return unsafe cl_read(socket, base + done, buffer.count - done)
      }
      if count == Int64(-Errno.interrupted) { continue }
      if count <= 0 { return false }
      done += Int(count)
    }
    return true
  }
}
