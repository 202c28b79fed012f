import CLinux
import Foundation
import Glibc
import LinuxSystem
import ShimCore
import Synchronization
import TestSupport
import Testing

extension ShimSuite {
  @Suite("The first words of podshim", .timeLimit(.minutes(5)))
  struct StartTests {
    /// Starts podshim after `frames` were written to its socket, and gives what it answers until it ends or all were answered.
    private func answers(to frames: [[UInt8]], directory: String) throws -> [ShimReply] {
      let (ours, theirs) = try UnixStream.pair()
      for frame in frames { try ours.send(frame) }
      let process = try ShimFiles.image.get().spawn(arguments: ["podshim", directory], cgroup: nil, socket: try theirs.duplicate())
      defer {
        try? process.signal(SIGKILL)
        _ = eventuallyBlocking { process.hasExited }
        process.reap()
      }
      var bytes: [UInt8] = []
      var replies: [ShimReply] = []
      while replies.count < frames.count {
        while bytes.count >= ShimFrame.headerSize {
          let header = try ShimFrame.decodeHeader(Array(bytes.prefix(ShimFrame.headerSize)))
          guard bytes.count >= ShimFrame.headerSize + header.payloadLength else { break }
          let payload = Array(bytes[ShimFrame.headerSize..<(ShimFrame.headerSize + header.payloadLength)])
          bytes.removeFirst(ShimFrame.headerSize + header.payloadLength)
          if header.requestID != 0 { replies.append(try ShimFrame.decodeReply(kind: header.kind, payload: payload)) }
        }
        if replies.count == frames.count { break }
        let readable = ours.withRaw { raw in
          var poller = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
          return unsafe poll(&poller, 1, 10_000) > 0
        }
        guard readable else { throw ShimTimeout(waitingFor: "replies") }
        let (received, _) = try ours.receive()
        if received.isEmpty { break }
        bytes += received
      }
      return replies
    }

    private static var hello: [UInt8] { ShimFrame.encode(.hello(version: ShimProtocol.version), id: 1) }
    private static var pause: [UInt8] {
      let program: [SetupOperation] = [.rootPropagation(flags: TestContainer.slaveRecursive), .emptyRoot, .pivotRoot, .pause]
      var request = SpawnRequest(id: "", program: SetupProgram.encode(program))
      request.cloneFlags = TestPod.newNamespaces
      return ShimFrame.encode(.spawn(request), id: 2)
    }

    @Test("What the agent wrote before podshim ran is served: the sandbox is ready after no round trip")
    func before() throws {
      let directory = "\(ShimFiles.base)/early"
      try ShimFiles.makeDirectory(directory)
      defer { ShimFiles.remove(ShimFiles.base) }
      let replies = try answers(to: [Self.hello, Self.pause], directory: directory)
      guard case .hello(let version, _) = replies.first, case .spawned(let pid) = replies.last else {
        Issue.record("\(replies)")
        return
      }
      #expect(version == ShimProtocol.version && replies.count == 2)
      #expect(
        eventuallyBlocking {
          kill(pid, SIGKILL) != 0 || ShimFiles.text("/proc/\(pid)/stat").isEmpty
            || ShimFiles.text("/proc/\(pid)/stat").contains(") Z")
        })
    }

    @Test("A podshim that cannot start says why, to everything it was asked")
    func failure() throws {
      let replies = try answers(to: [Self.hello, Self.pause], directory: "\(ShimFiles.base)/nowhere")
      #expect(replies.count == 2)
      for reply in replies {
        guard case .refused(let errno, let text) = reply else {
          Issue.record("\(reply)")
          continue
        }
        #expect(errno == ENOENT && text.contains("podshim cannot start") && text.contains("nowhere"), "\(text)")
      }
    }

    /// The stream does not block.
    private static func received(from stream: UnixStream) throws -> [UInt8] {
      var bytes: [UInt8] = []
      let came = eventuallyBlocking {
        bytes = (try? stream.receive().bytes) ?? []
        return !bytes.isEmpty
      }
      guard came else { throw ShimTimeout(waitingFor: "a frame") }
      return bytes
    }

    @Test("Another one's hello takes no event from the agent")
    func two() throws {
      try TestPod.with { pod in
        let other = try UnixStream.connect(directory: pod.directory, name: "shim.sock")
        try other.send(ShimFrame.encode(.hello(version: 1), id: 5))
        let answer = try Self.received(from: other)
        let header = try ShimFrame.decodeHeader(Array(answer.prefix(ShimFrame.headerSize)))
        guard
          case .hello(version: 1, _) = try ShimFrame.decodeReply(
            kind: header.kind, payload: Array(answer.dropFirst(ShimFrame.headerSize)))
        else { throw ShimTimeout(waitingFor: "hello") }
        #expect(try pod.run(TestContainer("c", ["/bin/true"])).exit.exitCode == 0)
        let event = try Self.received(from: other)
        #expect(try ShimFrame.decodeHeader(Array(event.prefix(ShimFrame.headerSize))).kind == 128)
      }
    }

    @Test("Who has no CAP_SYS_PTRACE cannot look into podshim, whatever else it may: it is not dumpable")
    func notDumpable() throws {
      let directory = "\(ShimFiles.base)/dumpable"
      try ShimFiles.makeDirectory(directory)
      defer { ShimFiles.remove(ShimFiles.base) }
      let hello = Self.hello
      let statuses = Mutex<[String: Int32]>([:])
      let done = DispatchSemaphore(value: 0)
      // What this thread starts has all of root's capabilities but that one, podshim too: the kernel compares them before it looks further.
      Thread {
        defer { done.signal() }
        guard cl_prctl(24 /* PR_CAPBSET_DROP */, 19 /* CAP_SYS_PTRACE */, 0) == 0, let pair = try? UnixStream.pair(),
          let socket = try? pair.theirs.duplicate(),
          let shim = try? ShimFiles.image.get().spawn(arguments: ["podshim", directory], cgroup: nil, socket: socket)
        else { return }
        let control = Process()
        (control.executableURL, control.arguments) = (URL(filePath: "/bin/sleep"), ["1000"])
        defer {
          try? shim.signal(SIGKILL)
          _ = eventuallyBlocking { shim.hasExited }
          shim.reap()
          kill(control.processIdentifier, SIGKILL)
          control.waitForEnd()
        }
        try? pair.ours.send(hello)
        _ = eventuallyBlocking { ((try? pair.ours.receive())?.0.isEmpty ?? true) == false }
        try? control.run()
        for (name, pid) in [("podshim", shim.pid), ("sleep", control.processIdentifier)] {
          let look = Process()
          (look.executableURL, look.arguments) = (URL(filePath: "/bin/readlink"), ["/proc/\(pid)/exe"])
          look.standardOutput = FileHandle.nullDevice
          try? look.run()
          look.waitForEnd()
          statuses.withLock { $0[name] = look.terminationStatus }
        }
      }.start()
      done.wait()
      #expect(statuses.withLock { $0 } == ["sleep": 0, "podshim": 1])
    }
  }
}
