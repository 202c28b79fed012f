import LinuxSystem
import ShimCore

/// A container as the tests vary it; everything has a usual value.
struct TestContainer {
  enum Root {
    case directory
    case operation(SetupOperation)
  }

  let id: String
  var command: [String]
  var environment = ["PATH=/bin", "A=b"]
  var cloneFlags: UInt64 = 0x0002_0000  // mount
  var root = Root.directory
  /// Before the root: after the namespaces.
  var early: [SetupOperation] = []
  /// proc, a /dev of its own, devpts.
  var usualMounts = true
  /// Between the usual mounts and pivot_root.
  var mounts: [SetupOperation] = []
  /// After pivot_root, before exec.
  var settings: [SetupOperation] = []
  /// Changed to last, before exec.
  var lateDirectory: String? = "/"
  var awaitsStart = false
  var stdio = StdioMode.pipes
  var openStdin = false
  var stdinOnce = false
  var cgroup: String?
  /// Shares the pid namespace of pause instead of having its own.
  var sharesPID = false
  var uidMappings: [IDMapping] = []
  var drainMilliseconds: UInt32 = 1000
  /// First slots, before the cgroup.
  var descriptors: [SharedDescriptor] = []

  init(_ id: String, _ command: [String]) {
    self.id = id
    self.command = command
  }

  static let slaveRecursive: UInt64 = 1 << 19 | 0x4000
  static let usual: [SetupOperation] = [
    .fileSystem(type: "proc", source: "proc", target: "/proc", attributes: 14, options: []),
    .fileSystem(type: "tmpfs", source: "tmpfs", target: "/dev", attributes: 2, options: ["mode=755"]),
    .makeNode(path: "/dev/null", mode: 0o020666, major: 1, minor: 3, uid: 0, gid: 0),
    .makeNode(path: "/dev/zero", mode: 0o020666, major: 1, minor: 5, uid: 0, gid: 0),
    .fileSystem(
      type: "devpts", source: "devpts", target: "/dev/pts", attributes: 10, options: ["newinstance", "ptmxmode=0666", "mode=0620"]),
    .makeSymlink(target: "pts/ptmx", path: "/dev/ptmx"), .makeSymlink(target: "/proc/self/fd", path: "/dev/fd"),
    .makeDirectory(path: "/dev/shm", mode: 0o1777),
  ]

  func operations(in pod: TestPod) -> [SetupOperation] {
    var operations: [SetupOperation] = []
    // net, ipc, uts of pause
    if pod.hasPause { operations.append(.joinNamespaces(slot: 255, flags: 0x4C00_0000)) }
    operations += early
    operations.append(.rootPropagation(flags: Self.slaveRecursive))
    switch root {
    case .directory: operations.append(.bindRoot(source: pod.root, at: pod.mountPoint))
    case .operation(let operation): operations.append(operation)
    }
    if usualMounts { operations += Self.usual }
    operations += mounts
    operations.append(.pivotRoot)
    operations += settings
    if let lateDirectory { operations.append(.changeDirectory(path: lateDirectory, create: false)) }
    if awaitsStart { operations.append(.awaitStart) }
    operations.append(.execute(candidates: [command[0]], arguments: command, environment: environment))
    return operations
  }

  func request(in pod: TestPod) throws -> (SpawnRequest, [SharedDescriptor]) {
    var request = SpawnRequest(id: id, program: SetupProgram.encode(operations(in: pod)))
    request.cloneFlags = cloneFlags
    if sharesPID { request.joinsPID = true } else { request.cloneFlags |= 0x2000_0000 }
    request.uidMappings = uidMappings
    request.gidMappings = uidMappings
    request.stdio = stdio
    request.openStdin = openStdin
    request.stdinOnce = stdinOnce
    request.logPath = "\(pod.scratch)/\(id).log"
    request.exitRecordPath = "\(id).exit"
    request.drainMilliseconds = drainMilliseconds
    var passed = descriptors
    if let cgroup {
      request.cgroupSlot = Int16(passed.count)
      passed.append(try ShimFiles.open(cgroup))
    }
    return (request, passed)
  }
}

/// An exec as ExecSync sends it: its own streams, the container's namespaces.
struct TestExec {
  var id = "exec"
  var container: String
  var command: [String]
  /// Before the container's namespaces are joined.
  var early: [SetupOperation] = []
  var settings: [SetupOperation] = []
  var stdio = StdioMode.passed
  /// mount, uts, ipc, net, cgroup
  var flags: UInt32 = 0x4E02_0000

  func request() -> SpawnRequest {
    let operations: [SetupOperation] =
      early + [.joinNamespaces(slot: 255, flags: flags), .currentRoot] + settings + [
        .changeDirectory(path: "/", create: false),
        .execute(candidates: [command[0]], arguments: command, environment: ["PATH=/bin"]),
      ]
    var request = SpawnRequest(id: id, program: SetupProgram.encode(operations))
    request.stdio = stdio
    request.joinsPID = true
    request.joinPIDOf = container
    request.joinProcess = container
    request.drainMilliseconds = 0
    return request
  }
}
