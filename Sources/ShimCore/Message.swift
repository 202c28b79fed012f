/// The agent <-> podshim protocol, version 3. One SOCK_STREAM unix socket; a frame is
/// `u32 length (of what follows) | u8 message kind | u8 descriptor count | u32 request id | payload`, little endian; its descriptors
/// travel by SCM_RIGHTS with the first byte of the frame. Request id 0 is an event. A newer agent speaks an older shim's version: both
/// sides skip trailing payload bytes they do not know, and a message kind is never reused.
public enum ShimProtocol {
  public static let version: UInt16 = 3

  /// The version a podshim must have told in its `hello` to understand this operation: a program with one it does not know fails as a
  /// whole. Fields that an older podshim skips (`SpawnRequest.setupMilliseconds`) need nothing.
  public static func version(neededBy operation: SetupOperation) -> UInt16 {
    switch operation {
    case .emptyRoot: 2
    case .detachedRoot, .streamOwner: 3
    default: 1
    }
  }

  public static func version(neededBy program: [SetupOperation]) -> UInt16 {
    program.reduce(1) { max($0, version(neededBy: $1)) }
  }
  /// Most descriptors that travel with a frame: SCM_MAX_FD. A podshim of version 1 takes 32.
  public static let maximumDescriptors = 253
  public static func maximumDescriptors(version: UInt16) -> Int { version < 2 ? 32 : maximumDescriptors }
  /// Largest frame either side accepts, bytes.
  public static let maximumFrame = 16 << 20
}

/// What a process writes to and reads from.
public enum StdioMode: UInt8, Sendable {
  /// /dev/null for all three.
  case null = 0
  /// Pipes owned by podshim: output goes to the CRI log and to attached readers.
  case pipes = 1
  /// A pseudo terminal owned by podshim: output goes to the log as stdout.
  case terminal = 2
  /// Three descriptors passed with the request (slots 0, 1, 2 become 0, 1, 2). Used by exec.
  case passed = 3
  /// A pseudo terminal made in the container's devpts whose controlling side is returned with the reply (interactive exec).
  case passedTerminal = 4
}

/// A line of /proc/PID/uid_map or gid_map.
public struct IDMapping: Equatable, Sendable {
  public var containerID: UInt32
  public var hostID: UInt32
  public var length: UInt32
  public init(containerID: UInt32, hostID: UInt32, length: UInt32) {
    self.containerID = containerID
    self.hostID = hostID
    self.length = length
  }
}

/// Request to make a process: the sandbox's pause process, a container's init, or an exec.
public struct SpawnRequest: Equatable, Sendable {
  /// Unique in this podshim: "" for pause, else the container id, or an exec id.
  public var id: String
  /// clone3 namespace flags (CLONE_NEWPID, NEWNS, NEWNET, NEWIPC, NEWUTS, NEWUSER).
  public var cloneFlags: UInt64
  /// Slot of the cgroup v2 directory (CLONE_INTO_CGROUP; cgroup.kill and memory.events are used through it at exit), or -1.
  public var cgroupSlot: Int16
  /// -1. Version 1 took the slot of a pid namespace file here, which nobody used.
  public var pidNamespaceSlot: Int16
  /// Id of a process of this podshim whose pid namespace the child is born into ("" with `joinsPID` = pause).
  public var joinPIDOf: String
  public var joinsPID: Bool
  /// Id of a process of this podshim that `SetupOperation.joinNamespaces(slot: 255, ...)` refers to (its pidfd).
  public var joinProcess: String
  public var uidMappings: [IDMapping]
  public var gidMappings: [IDMapping]
  public var stdio: StdioMode
  /// Keep a stdin pipe open for attach (CRI `stdin`); otherwise stdin is /dev/null.
  public var openStdin: Bool
  /// CRI `stdin_once`: close stdin when the first attached client goes.
  public var stdinOnce: Bool
  /// Host path of the CRI log, "" for none. Opened O_CREAT|O_APPEND 0640 at spawn; must be a regular file.
  public var logPath: String
  /// Directory that `logPath` lies in, at whatever depth: nothing below it may be a symbolic link or lead out. "": only the last part of
  /// the path may be no link. Since version 2.
  public var logDirectory: String
  /// Host path of the exit record, written (temporary file, fsync, rename) before the exit event is sent; "" for none
  /// (exec: forgotten with its exit event).
  public var exitRecordPath: String
  /// When the init of this process exits, kill the rest of its cgroup (shared pid namespace) and wait up to this long, in
  /// milliseconds, for the pipes to drain before the exit is published.
  public var drainMilliseconds: UInt32
  /// The set-up program, as `SetupProgram.encode` wrote it.
  public var program: [UInt8]
  /// How long set-up may take before the process is killed and the request fails; 0: two minutes. Since version 2.
  public var setupMilliseconds: UInt32

  public init(id: String, program: [UInt8]) {
    self.id = id
    self.program = program
    cloneFlags = 0
    cgroupSlot = -1
    pidNamespaceSlot = -1
    joinPIDOf = ""
    joinsPID = false
    joinProcess = ""
    uidMappings = []
    gidMappings = []
    stdio = .null
    openStdin = false
    stdinOnce = false
    logPath = ""
    exitRecordPath = ""
    drainMilliseconds = 1000
    setupMilliseconds = 0
    logDirectory = ""
  }
}

/// Why a set-up program stopped: which operation, which system call of it, which errno, about what.
public struct SetupFailure: Equatable, Sendable {
  /// Index in the program; 0xFFFF: podshim itself, before the program ran (clone3, id maps, log file, terminal).
  public var operation: UInt16
  /// Name of the system call ("openat2", "move_mount" ...).
  public var call: String
  public var errno: Int32
  /// What the call was about: a path, or for a failed exec the missing interpreter as `elf:/lib/ld.so` or `shebang:/bin/foo`.
  public var detail: String
  public init(operation: UInt16, call: String, errno: Int32, detail: String) {
    self.operation = operation
    self.call = call
    self.errno = errno
    self.detail = detail
  }
}

/// How a process ended. Also the content of an exit record file.
public struct ExitRecord: Equatable, Sendable {
  public var id: String
  /// 0-255 as wait(2) gives it; 128 + signal when a signal ended it.
  public var exitCode: Int32
  /// Signal number, 0 when it exited by itself.
  public var signal: Int32
  /// memory.events counted an oom_kill in the process's cgroup.
  public var oomKilled: Bool
  /// CLOCK_REALTIME, nanoseconds.
  public var finishedAt: Int64
  /// When it was asked to start; 0: it never was. A kubelet makes again what never ran, and must not make again what did.
  public var startedAt: Int64
  public init(id: String, exitCode: Int32, signal: Int32, oomKilled: Bool, finishedAt: Int64, startedAt: Int64 = 0) {
    self.id = id
    self.exitCode = exitCode
    self.signal = signal
    self.oomKilled = oomKilled
    self.finishedAt = finishedAt
    self.startedAt = startedAt
  }
}

public enum ProcessPhase: UInt8, Sendable {
  /// Set-up has not finished.
  case settingUp = 0
  /// Waits for the start request.
  case created = 1
  case running = 2
  case exited = 3
}

/// One process as podshim knows it (answer to `list`).
public struct ProcessEntry: Equatable, Sendable {
  public var id: String
  public var pid: Int32
  public var phase: ProcessPhase
  /// Only meaningful when `phase` is `.exited`, but for `startedAt`.
  public var exit: ExitRecord
  public init(id: String, pid: Int32, phase: ProcessPhase, exit: ExitRecord) {
    self.id = id
    self.pid = pid
    self.phase = phase
    self.exit = exit
  }
}

/// What the agent asks. Every request gets exactly one `ShimReply` with its request id.
public enum ShimRequest: Equatable, Sendable {
  /// First message on every connection. Reply `.hello`.
  case hello(version: UInt16)
  /// Reply `.spawned` once the program reached `awaitStart` (or exec, or pause), or `.failed`. Asynchronous: other requests are
  /// served meanwhile. Reply descriptors: pidfd of the child, and for `.passedTerminal` the terminal's controlling side.
  case spawn(SpawnRequest)
  /// Lets a created process go on. `at` is CLOCK_REALTIME nanoseconds as the agent tells its clients, kept for an agent that comes later;
  /// 0: podshim's own clock. Reply `.done` once exec succeeded, `.failed` otherwise.
  case start(id: String, at: Int64 = 0)
  /// Signals the process (pidfd_send_signal), or with `all` every process of its cgroup (cgroup.kill when the signal is 9).
  case signal(id: String, number: Int32, all: Bool)
  /// CRI ReopenContainerLog: reply comes after the new file exists.
  case reopenLog(id: String)
  case list
  /// Passes [stdin?, stdout?, stderr?] ends to podshim: `streams` bit 0 stdin (podshim reads it), 1 stdout, 2 stderr (podshim writes).
  case attach(id: String, streams: UInt8)
  case resize(id: String, columns: UInt16, rows: UInt16)
  /// Forgets an exited process and removes its exit record.
  case remove(id: String)
  /// The namespaces of the sandbox as descriptors. Reply `.done` with one descriptor for each set flag, in order NET, IPC, UTS, PID, USER.
  case namespaces(flags: UInt32)
  /// Kills everything that is left, answers, removes its socket and exits.
  case shutdown
}

public enum ShimReply: Equatable, Sendable {
  case hello(version: UInt16, pid: Int32)
  case spawned(pid: Int32)
  case done
  case processes([ProcessEntry])
  /// The set-up program failed.
  case failed(SetupFailure)
  /// The request itself was wrong (unknown id, wrong phase): errno and a short text.
  case refused(errno: Int32, text: String)
}

public enum ShimEvent: Equatable, Sendable {
  case exited(ExitRecord)
  /// memory.events of the process's cgroup reported an oom_kill while it runs.
  case oom(id: String)
  /// Lines of the process's log could not be written: how many so far, with the errno. Sent when the first is lost, and when the log, which
  /// says it then too, can be written again. Since version 2.
  case logLost(id: String, lines: UInt64, errno: Int32)
}
