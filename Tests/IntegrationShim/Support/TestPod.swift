import Foundation
import Glibc
import LinuxSystem
import ShimCore
import Synchronization
import TestSupport

struct ShimTimeout: Error, CustomStringConvertible {
  let waitingFor: String
  var description: String { "nothing came from podshim within 60 s while waiting for \(waitingFor)" }
}

/// One podshim with its directory, root file system and cgroup, driven over the agent's socket. Blocking, for one test at a time.
final class TestPod {
  private static let counter = Mutex(0)

  /// podshim's own directory.
  let directory: String
  let root: String
  let mountPoint: String
  let scratch: String
  let cgroup: String?
  let process: PidFD
  private var stream: UnixStream
  private var buffer: [UInt8] = []
  private var received: [SharedDescriptor] = []
  private var nextID: UInt32 = 1
  private(set) var events: [ShimEvent] = []
  private(set) var hasPause = false
  private var stopped = false

  /// Starts a podshim, runs `body`, and takes everything down again in reverse order, whatever happened.
  static func with(_ body: (TestPod) throws -> Void) throws {
    let pod = try TestPod()
    defer { pod.tearDown() }
    try body(pod)
  }

  private init() throws {
    let number = Self.counter.withLock { counter in
      counter += 1
      return counter
    }
    scratch = "\(ShimFiles.base)/\(number)"
    directory = "\(scratch)/pod"
    root = "\(scratch)/root"
    mountPoint = "\(scratch)/mnt"
    for path in [directory, mountPoint] { try ShimFiles.makeDirectory(path) }
    try ShimFiles.makeRoot(root)
    if let mount = HostState.cgroupMount {
      let path = "\(mount)/swiftlet-test-\(getpid())/\(number)"
      try ShimFiles.makeDirectory(path)
      cgroup = path
    } else {
      cgroup = nil
    }
    let (ours, theirs) = try UnixStream.pair()
    let socket = try theirs.duplicate()
    process = try ShimFiles.image.get().spawn(arguments: ["podshim", directory], cgroup: nil, socket: socket)
    stream = ours
    _ = try call(.hello(version: ShimProtocol.version))
  }

  private func tearDown() {
    if !stopped { _ = try? call(.shutdown) }
    if !eventuallyBlocking(10, { process.hasExited }) { try? process.signal(SIGKILL) }
    _ = eventuallyBlocking { process.hasExited }
    process.reap()
    ShimFiles.remove(scratch)
    if let cgroup {
      _ = eventuallyBlocking {
        HostCleaner.removeCgroupOnce(cgroup)
        return !ShimFiles.exists(cgroup)
      }
      unsafe rmdir((cgroup as NSString).deletingLastPathComponent)
    }
    unsafe rmdir(ShimFiles.base)
  }

  /// A cgroup below the pod's.
  func makeCgroup(_ name: String) throws -> String? {
    guard let cgroup else { return nil }
    try ShimFiles.makeDirectory("\(cgroup)/\(name)")
    return "\(cgroup)/\(name)"
  }

  // MARK: Messages

  struct Answer {
    let reply: ShimReply
    let descriptors: [SharedDescriptor]
  }

  func send(_ request: ShimRequest, _ descriptors: [SharedDescriptor] = []) throws -> UInt32 {
    nextID += 1
    let raws = try descriptors.map { try $0.duplicate().release() }
    defer { for raw in raws { close(raw) } }
    try stream.send(ShimFrame.encode(request, id: nextID, descriptorCount: raws.count), descriptors: raws)
    return nextID
  }

  @discardableResult
  func call(_ request: ShimRequest, _ descriptors: [SharedDescriptor] = []) throws -> Answer {
    let id = try send(request, descriptors)
    if case .shutdown = request { stopped = true }
    while true {
      let (header, payload, passed) = try frame("a reply")
      if header.requestID == id {
        return Answer(reply: try ShimFrame.decodeReply(kind: header.kind, payload: payload), descriptors: passed)
      }
      try note(header, payload)
    }
  }

  /// Raw bytes instead of a request, to see what podshim makes of them.
  func sendRaw(_ bytes: [UInt8]) throws { try stream.send(bytes) }

  private func note(_ header: ShimFrame.Header, _ payload: [UInt8]) throws {
    if header.requestID == 0 { events.append(try ShimFrame.decodeEvent(kind: header.kind, payload: payload)) }
  }

  /// Waits for the exit event of `id`.
  func exit(of id: String) throws -> ExitRecord {
    while true {
      for case .exited(let record) in events where record.id == id { return record }
      let (header, payload, _) = try frame("the exit of '\(id)'")
      try note(header, payload)
    }
  }

  private func frame(_ what: String) throws -> (ShimFrame.Header, [UInt8], [SharedDescriptor]) {
    while true {
      if buffer.count >= ShimFrame.headerSize {
        let header = try ShimFrame.decodeHeader(Array(buffer.prefix(ShimFrame.headerSize)))
        let length = ShimFrame.headerSize + header.payloadLength
        if buffer.count >= length {
          let payload = Array(buffer[ShimFrame.headerSize..<length])
          buffer.removeFirst(length)
          let passed = Array(received.prefix(header.descriptorCount))
          received.removeFirst(passed.count)
          return (header, payload, passed)
        }
      }
      guard waitReadable() else { throw ShimTimeout(waitingFor: what) }
      let (bytes, descriptors) = try stream.receive()
      if bytes.isEmpty { throw ShimTimeout(waitingFor: "\(what) (connection closed)") }
      buffer += bytes
      received += descriptors
    }
  }

  private func waitReadable() -> Bool {
    stream.withRaw { raw in
      var poller = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
      return unsafe poll(&poller, 1, 60_000) > 0
    }
  }

  /// The agent dies and a new one comes.
  func reconnect(whileGone body: () throws -> Void = {}) throws {
    stream = try UnixStream.pair().ours
    buffer = []
    events = []
    try body()
    stream = try UnixStream.connect(directory: directory, name: "shim.sock")
    try call(.hello(version: ShimProtocol.version))
  }

  // MARK: Processes

  static let newNamespaces: UInt64 = 0x2000_0000 | 0x0800_0000 | 0x0400_0000 | 0x0002_0000  // pid, ipc, uts, mount

  /// The sandbox's own process; with `network` given as slot 0.
  @discardableResult
  func pause(network: SharedDescriptor? = nil, cgroup: String? = nil, operations: [SetupOperation] = []) throws -> Int32 {
    var program = operations
    if network != nil { program.insert(.joinNamespaces(slot: 0, flags: 0x4000_0000), at: 0) }
    let root: [SetupOperation] = [.rootPropagation(flags: TestContainer.slaveRecursive), .emptyRoot, .pivotRoot]
    var request = SpawnRequest(id: "", program: SetupProgram.encode(program + root + [.pause]))
    request.cloneFlags = Self.newNamespaces
    request.exitRecordPath = "pause.exit"
    var descriptors = network.map { [$0] } ?? []
    if let cgroup {
      request.cgroupSlot = Int16(descriptors.count)
      descriptors.append(try ShimFiles.open(cgroup))
    }
    guard case .spawned(let pid) = try call(.spawn(request), descriptors).reply else { throw ShimTimeout(waitingFor: "pause") }
    hasPause = true
    return pid
  }

  func spawn(_ container: TestContainer) throws -> Answer {
    let (request, descriptors) = try container.request(in: self)
    return try call(.spawn(request), descriptors)
  }

  func list() throws -> [ProcessEntry] {
    guard case .processes(let entries) = try call(.list).reply else { return [] }
    return entries
  }

  /// Spawns a container that needs no start, waits for its end, and returns its log.
  func run(_ container: TestContainer) throws -> (lines: [LogLine], exit: ExitRecord) {
    let answer = try spawn(container)
    guard case .spawned = answer.reply else { throw UnexpectedReply(reply: answer.reply) }
    let record = try exit(of: container.id)
    return (log(container.id), record)
  }

  /// Output of `sh -c script`, trimmed, both streams as one: of two nobody knows which line came first.
  func shell(_ script: String, _ change: (inout TestContainer) -> Void = { _ in }) throws -> String {
    var container = TestContainer("sh\(nextID)", ["/bin/sh", "-c", "exec 2>&1\n" + script])
    change(&container)
    return try run(container).lines.map(\.content).joined(separator: "\n")
  }

  func log(_ id: String) -> [LogLine] {
    ShimFiles.text("\(scratch)/\(id).log").split(separator: "\n").compactMap { LogLine($0) }
  }
}

struct UnexpectedReply: Error { let reply: ShimReply }

struct LogLine: Equatable {
  let stream: String
  let tag: String
  let content: String
  init?(_ line: Substring) {
    let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    guard words.count == 4, words[0].utf8.count == 30 else { return nil }
    stream = String(words[1])
    tag = String(words[2])
    content = String(words[3])
  }
}
