import CLinux

/// A process podshim made: what it was asked, its descriptors, how it ended.
final class ManagedProcess {
  let id: String
  /// Shares the container's cgroup, which must outlive it.
  let isExec: Bool
  let hasTerminal: Bool
  let handsOverTerminal: Bool
  let logPath: String
  let exitRecordPath: String
  let drainMilliseconds: UInt32
  let stdinOnce: Bool
  /// Of the process that is the container's, in podshim's pid namespace; before it is born, of the one that sets it up.
  private(set) var pid: Int32
  private(set) var pidfd: Descriptor
  /// Joins a pid namespace and is not born yet.
  private(set) var awaitsBirth: Bool
  var cgroup: Descriptor?
  var phase = ProcessPhase.settingUp
  var exit: ExitRecord
  var log: LogFile?
  var output: OutputStream?
  var errorOutput: OutputStream?
  var input: InputFeed?
  /// Controlling side of a terminal podshim owns.
  var terminal: Descriptor?
  /// Controlling side to hand over with the reply.
  var passedTerminal: Descriptor?
  /// Child's end of file is success only after this.
  var executing = false
  /// A procfs of the pid namespace made for this process, for those who join it; and where it is mounted once somebody did.
  var procfs: Descriptor?
  /// Has a pid namespace of its own (CLONE_NEWPID).
  let ownsPIDNamespace: Bool
  var procfsPath = ""
  /// Whose pid namespace this one joined; nil: its own, or podshim's.
  var pidNamespaceOwner: ManagedProcess?
  var channel: Descriptor?
  var channelToken: UInt64 = 0
  /// Who waits for the end of set-up or start.
  var waiting: (connection: Connection, request: UInt32)?
  var waitsForStart = false
  /// Set-up failed before anything was published: the entry goes away when the child is reaped.
  var discarded = false
  /// waitid gave its status; the pipes may still be open.
  var reaped = false
  /// CLOCK_MONOTONIC nanoseconds; 0: none.
  var drainDeadline: Int64 = 0
  /// The same, for the end of set-up.
  var setupDeadline: Int64
  var oomEvents: Descriptor?
  var oomToken: UInt64 = 0
  var oomKills: UInt64 = 0

  init(_ request: SpawnRequest, pid: Int32, pidfd: consuming Descriptor, cgroup: consuming Descriptor?) {
    id = request.id
    ownsPIDNamespace = request.cloneFlags & UInt64(Namespace.pid) != 0
    isExec = !request.joinProcess.isEmpty
    hasTerminal = request.stdio == .terminal || request.stdio == .passedTerminal
    handsOverTerminal = request.stdio == .passedTerminal
    logPath = request.logPath
    exitRecordPath = request.exitRecordPath
    drainMilliseconds = request.drainMilliseconds
    stdinOnce = request.stdinOnce
    let limit = request.setupMilliseconds == 0 ? 120_000 : Int64(request.setupMilliseconds)
    setupDeadline = cl_monotonic() + limit * 1_000_000
    self.pid = pid
    self.pidfd = pidfd
    awaitsBirth = request.joinsPID
    self.cgroup = cgroup
    exit = ExitRecord(id: request.id, exitCode: 0, signal: 0, oomKilled: false, finishedAt: 0)
  }

  /// The set-up child's last word. Who steals its channel must not make podshim take another process for the container's.
  func born(_ pid: Int32, among processes: [ManagedProcess]) throws(CallError) {
    guard awaitsBirth, cl_is_child(pid) != 0, !processes.contains(where: { $0.pid == pid && !$0.reaped }) else {
      throw CallError("waitid", Errno.noChild, "the process died in set-up")
    }
    pidfd = Descriptor(adopting: try check(cl_pidfd_open(pid, 0), "pidfd_open", "the process died in set-up"))
    self.pid = pid
    awaitsBirth = false
  }

  /// Where a set-up child finds the procfs of this process's pid namespace: mounted, as only an attached mount can be copied everywhere.
  func mountProcfs() throws(CallError) -> String {
    guard let raw = procfs?.raw else {
      // Lost on its way (MSG_CTRUNC: podshim had no descriptor free). "" would mean podshim's own, which shows the host.
      if ownsPIDNamespace, procfsPath.isEmpty {
        throw CallError("recvmsg", Errno.badDescriptor, "the procfs of the pid namespace of '" + id + "' was lost")
      }
      return procfsPath
    }
    let path = id.isEmpty ? "proc" : "proc-" + id
    let made = unsafe cl_mkdirat(At.workingDirectory, path, 0o700)
    if made != -Errno.exists { try check(made, "mkdirat", path) }
    try check(unsafe cl_move_mount(raw, "", At.workingDirectory, path, MountFlag.moveFromEmpty), "move_mount", path)
    procfs = nil
    procfsPath = path
    return path
  }

  /// Before the process is forgotten.
  func unmountProcfs() {
    if procfsPath.isEmpty { return }
    _ = unsafe cl_umount(procfsPath, MountFlag.detach)
    _ = unsafe cl_unlinkat(At.workingDirectory, procfsPath, At.removeDirectory)
    procfsPath = ""
  }

  /// `oom_kill` of memory.events (cgroup-v2.rst); 0 without a memory controller.
  func readOOMKills() -> UInt64 {
    guard let raw = oomEvents?.raw, let bytes = Files.read(raw, limit: 512) else { return 0 }
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " "))
      if words.count == 2, words[0].elementsEqual("oom_kill".utf8) {
        return UInt64(String(decoding: words[1], as: UTF8.self)) ?? 0
      }
    }
    return 0
  }

  /// Kills every process of the cgroup (cgroup.kill). false: there is no cgroup of its own, or no such file.
  func killCgroup() -> Bool {
    guard !members().contains(cl_getpid()), let raw = cgroup?.raw,
      let file = try? Files.open("cgroup.kill", Open.writeOnly, at: raw)
    else { return false }
    return Files.write("1", to: file.raw) == 1
  }

  /// Signals every process of the cgroup one by one; repeated by the caller if it needs certainty. false: it has no cgroup of its own.
  func signalCgroup(_ signal: Int32) -> Bool {
    let members = self.members()
    if members.isEmpty || members.contains(cl_getpid()) { return false }
    var handles: [(pid: Int32, raw: Int32)] = []
    for pid in members {
      let raw = cl_pidfd_open(pid, 0)
      if raw >= 0 { handles.append((pid, raw)) }
    }
    // A number may have been given to another process before it was opened: only those still in the cgroup are meant.
    let confirmed = self.members()
    for handle in handles {
      if confirmed.contains(handle.pid) { _ = cl_pidfd_send_signal(handle.raw, signal) }
      _ = cl_close(handle.raw)
    }
    return true
  }

  /// Processes of the cgroup. podshim itself is among them when pause was put beside it.
  private func members() -> [Int32] {
    guard let raw = cgroup?.raw, let file = try? Files.open("cgroup.procs", Open.readOnly, at: raw) else { return [] }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe cl_read(file.raw, &chunk, chunk.count)
      if count == Int64(-Errno.interrupted) { continue }
      if count <= 0 { break }
      bytes.append(contentsOf: chunk[0..<Int(count)])
    }
    var members: [Int32] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      if let pid = Int32(String(decoding: line, as: UTF8.self)), pid > 0 { members.append(pid) }
    }
    return members
  }
}
