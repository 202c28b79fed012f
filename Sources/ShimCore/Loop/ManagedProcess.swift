import CLinux

/// A process podshim made: what it was asked, its descriptors, how it ended.
final class ManagedProcess {
  let id: String
  /// Shares the container's cgroup, which must outlive it.
  let isExec: Bool
  let handsOverTerminal: Bool
  let logPath: String
  let exitRecordPath: String
  let drainMilliseconds: UInt32
  let stdinOnce: Bool
  let pid: Int32
  let pidfd: Descriptor
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
  var oomEvents: Descriptor?
  var oomToken: UInt64 = 0
  var oomKills: UInt64 = 0

  init(_ request: SpawnRequest, pid: Int32, pidfd: consuming Descriptor, cgroup: consuming Descriptor?) {
    id = request.id
    isExec = !request.joinProcess.isEmpty
    handsOverTerminal = request.stdio == .passedTerminal
    logPath = request.logPath
    exitRecordPath = request.exitRecordPath
    drainMilliseconds = request.drainMilliseconds
    stdinOnce = request.stdinOnce
    self.pid = pid
    self.pidfd = pidfd
    self.cgroup = cgroup
    exit = ExitRecord(id: request.id, exitCode: 0, signal: 0, oomKilled: false, finishedAt: 0)
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
    for pid in members { _ = cl_kill(pid, signal) }
    return true
  }

  /// Processes of the cgroup. podshim itself is among them when pause was put beside it.
  private func members() -> [Int32] {
    guard let raw = cgroup?.raw, let file = try? Files.open("cgroup.procs", Open.readOnly, at: raw),
      let bytes = Files.read(file.raw, limit: 16384)
    else { return [] }
    var members: [Int32] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      if let pid = Int32(String(decoding: line, as: UTF8.self)), pid > 0 { members.append(pid) }
    }
    return members
  }
}
