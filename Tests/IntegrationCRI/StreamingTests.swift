import AgentSupport
import CRIClient
import Foundation
import Glibc
import LinuxSystem
import RuntimeAPI
import Streaming
import Testing
import TestSupport

/// Exec, attach and port-forward through the socket and the streaming server of a real agent.
@Suite("Streams of CRI clients", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct StreamingTests {
  private struct Client {
    let input: TestPipe
    let output: TestPipe
    let error: TestPipe
    let end: Task<ProcessEnd, any Error>

    init(_ url: String, _ streams: StreamChoice, sizes: AsyncStream<(columns: UInt16, rows: UInt16)>? = nil) throws {
      (input, output, error) = (try TestPipe(), try TestPipe(), try TestPipe())
      let client = ProcessClient(
        url: url, tty: streams.tty, input: streams.stdin ? input.take() : nil, output: streams.stdout ? output.take() : nil,
        error: streams.stderr ? error.take() : nil, sizes: sizes)
      end = Task { try await client.run() }
    }
  }

  private func exec(
    _ agent: RuntimeAgent, _ id: ContainerID, _ script: String, _ streams: StreamChoice = StreamChoice(stdin: true),
    sizes: AsyncStream<(columns: UInt16, rows: UInt16)>? = nil
  ) async throws -> Client {
    let url = try await agent.runtime.exec(ExecRequest(container: id, command: ["sh", "-c", script], streams: streams))
    return try Client(url, streams, sizes: sizes)
  }

  /// Ends of pipes that the agent holds.
  private func pipes(_ agent: RuntimeAgent) -> Int {
    let directory = "/proc/\(agent.agent.pid)/fd"
    return ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).count {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)"))?.hasPrefix("pipe:") == true
    }
  }

  private func attach(_ agent: RuntimeAgent, _ id: ContainerID, _ streams: StreamChoice) async throws -> Client {
    try Client(try await agent.runtime.attach(AttachRequest(container: id, streams: streams)), streams)
  }

  @Test("a command gets its input, gives its output, and its exit code is told") func command() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c")
      let client = try await exec(agent, id, "cat; echo bad >&2; exit 7")
      await client.input.write("hello")
      client.input.end()
      #expect(await client.output.text(5) == "hello")
      #expect(await client.error.text(4) == "bad\n")
      #expect(try await client.end.value == .exited(7))
      // Nothing of it is left in the container's cgroup.
      #expect(try await agent.exec(id, "ps | grep -c '[c]at'") == "0")
    }
  }

  @Test("every byte arrives, in both directions, however much there is") func much() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c")
      let size = 32 << 20
      let client = try await exec(agent, id, "head -c \(size) /dev/zero | tr '\\0' x; echo end", StreamChoice())
      let text = await client.output.read(size + 4)
      #expect(text.count == size + 4)
      #expect(text.prefix(size).allSatisfy { $0 == UInt8(ascii: "x") })
      #expect(text.suffix(4) == Array("end\n".utf8)[...])
      #expect(try await client.end.value == .exited(0))
      let counter = try await exec(agent, id, "wc -c")
      async let fed: Void = {
        await counter.input.write([UInt8](repeating: 1, count: size))
        counter.input.end()
      }()
      #expect(await counter.output.text("\(size)\n".utf8.count) == "\(size)\n")
      await fed
      #expect(try await counter.end.value == .exited(0))
    }
  }

  @Test("a terminal is one: keys, sizes, TERM, and a hang-up when its client goes") func terminal() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c")
      let (sizes, size) = AsyncStream.makeStream(of: (columns: UInt16, rows: UInt16).self)
      size.yield((101, 31))
      let choice = StreamChoice(stdin: true, stdout: true, stderr: false, tty: true)
      let script = "stty -echo; trap 'stty size' WINCH; tty; echo $TERM; while read a; do stty size; echo got $a; done"
      let client = try await exec(agent, id, script, choice, sizes: sizes)
      #expect(await client.output.text("/dev/pts/0\r\nxterm\r\n".utf8.count) == "/dev/pts/0\r\nxterm\r\n")
      await client.input.write("x\n")
      let answer = "31 101\r\ngot x\r\n"
      #expect(await client.output.text(answer.utf8.count).hasSuffix("got x\r\n"))
      #expect(try await agent.exec(id, "ps | grep -c '[r]ead a'") == "1")
      client.end.cancel()
      #expect(try await eventually { try await agent.exec(id, "ps | grep -c '[r]ead a'") == "0" })
      size.finish()
    }
  }

  @Test("what cannot run is refused, or says why") func refusals() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c")
      let created = try await agent.create("created")
      let both = StreamChoice(stdin: false, stdout: true, stderr: true, tty: true)
      let none = StreamChoice(stdin: false, stdout: false, stderr: false)
      func asking(_ id: ContainerID, _ streams: StreamChoice, _ command: [String] = ["true"]) async -> RuntimeError.Code? {
        await code { _ = try await agent.runtime.exec(ExecRequest(container: id, command: command, streams: streams)) }
      }
      #expect(await asking(id, both) == .invalidArgument)
      #expect(await asking(id, none) == .invalidArgument)
      #expect(await asking(id, StreamChoice(), []) == .invalidArgument)
      #expect(await asking(ContainerID(""), StreamChoice()) == .invalidArgument)
      #expect(await asking(ContainerID("nobody"), StreamChoice()) == .notFound)
      #expect(await asking(created, StreamChoice()) == .failedPrecondition)
      #expect(
        await code { _ = try await agent.runtime.attach(AttachRequest(container: created, streams: StreamChoice())) }
          == .failedPrecondition)
      #expect(await code { _ = try await agent.runtime.portForward(PortForwardRequest(sandbox: SandboxID("nobody"))) } == .notFound)
      let url = try await agent.runtime.exec(ExecRequest(container: id, command: ["/no/such"], streams: StreamChoice()))
      guard case .failed(let reason) = try await Client(url, StreamChoice()).end.value else {
        Issue.record("/no/such ran")
        return
      }
      #expect(reason.contains("/no/such"))
    }
  }

  @Test("several clients see what a container says, and its log has it once") func attached() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c", "while read a; do echo got $a; echo also $a >&2; done; echo last") {
        ($0.stdin, $0.stdinOnce) = (true, true)
      }
      let before = pipes(agent)
      let looking = try await attach(agent, id, StreamChoice())
      let typing = try await attach(agent, id, StreamChoice(stdin: true))
      // Nobody is told when an attach is there, and what was said before it is not repeated: two outputs each, and an input.
      #expect(await eventually { pipes(agent) == before + 5 })
      await typing.input.write("one\n")
      for client in [looking, typing] {
        #expect(await client.output.text(8) == "got one\n")
        #expect(await client.error.text(9) == "also one\n")
      }
      typing.input.end()
      for client in [looking, typing] {
        #expect(await client.output.text(5) == "last\n")
        #expect(try await client.end.value == .exited(0))
      }
      #expect(try await agent.agent.waitForExit(id).exitCode == 0)
      let log = try String(contentsOfFile: "\(agent.base)/logs/c.log", encoding: .utf8)
      #expect(
        log.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 3).last ?? "" } == ["got one", "also one", "last"])
    }
  }

  @Test("who leaves an attached container leaves it running; its input stays open without stdin_once") func detached() async throws
  {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c", "while read a; do echo got $a; done") { $0.stdin = true }
      let first = try await attach(agent, id, StreamChoice(stdin: true))
      await first.input.write("one\n")
      #expect(await first.output.text(8) == "got one\n")
      first.end.cancel()
      _ = try? await first.end.value
      let second = try await attach(agent, id, StreamChoice(stdin: true))
      await second.input.write("two\n")
      #expect(await second.output.text(8) == "got two\n")
      #expect(try await agent.runtime.containerStatus(id, verbose: false).status.state == .running)
    }
  }

  @Test("an attached client loses nothing of a container that writes faster than it reads") func fast() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start("c", "read a; seq -w 1 400000") { $0.stdin = true }
      let client = try await attach(agent, id, StreamChoice(stdin: true))
      await client.input.write("x\n")
      var (rest, last, right) = ([UInt8](), 0, true)
      while last < 400_000 {
        let part = await client.output.read(7 * 4000)
        if part.isEmpty { break }
        rest += part
        for line in rest.split(separator: UInt8(ascii: "\n")) where line.count == 6 {
          let number = Int(String(decoding: line, as: UTF8.self)) ?? -1
          right = right && number == last + 1
          last = number
        }
        rest = []
      }
      #expect(right && last == 400_000)
      #expect(try await client.end.value == .exited(0))
    }
  }

  @Test("ports inside a pod are reached, IPv4 and IPv6, many at a time; a closed one says so") func ports() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.start(
        "c",
        "mkdir /www; echo web >/www/index.html; httpd -p 127.0.0.1:8080 -h /www; httpd -p '[::1]:8081' -h /www; exec sleep 1000")
      #expect(try await eventually { try await agent.exec(id, "netstat -lnt | grep -c 808") == "2" })
      let url = try await agent.runtime.portForward(PortForwardRequest(sandbox: agent.sandbox))
      let (ports, found) = AsyncStream.makeStream(of: Int.self)
      let (problems, problem) = AsyncStream.makeStream(of: String.self)
      let client = Task {
        try await ForwardClient(url: url, ports: [(0, 8080), (0, 8081), (0, 9)]).run(
          listening: { local, _ in found.yield(local) }, problem: { problem.yield($0) })
      }
      var iterator = ports.makeAsyncIterator()
      var locals: [Int] = []
      for _ in 0..<3 { locals.append(try #require(await iterator.next())) }
      let (ipv4, ipv6, closed) = (locals[0], locals[1], locals[2])
      try await withThrowingTaskGroup(of: Bool.self) { tasks in
        for number in 0..<60 {
          tasks.addTask { try await Self.get(number % 2 == 0 ? ipv4 : ipv6).hasSuffix("web\n") }
        }
        for try await right in tasks { #expect(right) }
      }
      #expect(try await Self.get(closed).isEmpty)
      #expect(await problems.first { _ in true }?.contains("port 9") == true)
      client.cancel()
      _ = try? await client.value
    }
  }

  private static func get(_ port: Int) async throws -> String {
    let socket = try await LoopbackSocket.connect(port: UInt16(port), in: nil, within: .seconds(30))
    return await runBlocking(.foreign) {
      socket.withRaw { raw in _ = fcntl(raw, F_SETFL, 0) }
      let request = "GET / HTTP/1.0\r\n\r\n"
      _ = socket.withRaw { raw in unsafe write(raw, request, request.utf8.count) }
      var answer: [UInt8] = []
      while let part = try? readAvailable(socket), !part.isEmpty { answer += part }
      return String(decoding: answer, as: UTF8.self)
    }
  }

  @Test("swiftctl cp needs nothing in the container, and sees what is mounted there") func copy() async throws {
    try await RuntimeAgent.with { agent in
      let base = agent.base
      let files = FileManager.default
      for name in ["volume", "tree/one"] { try files.createDirectory(atPath: "\(base)/\(name)", withIntermediateDirectories: true) }
      try Data("of a volume".utf8).write(to: URL(fileURLWithPath: "\(base)/volume/inner"))
      try Data("text".utf8).write(to: URL(fileURLWithPath: "\(base)/tree/one/two"))
      _ = try await agent.start("c") { config in
        config.mounts = [Mount(containerPath: "/mnt", hostPath: "\(base)/volume")]
      }
      #expect(try agent.agent.swiftctl("cp", "-q", "\(base)/tree", "c:/tmp").status == 0)
      #expect(try agent.agent.swiftctl("exec", "c", "cat", "/tmp/tree/one/two").output == "text")
      #expect(try agent.agent.swiftctl("cp", "-q", "c:mnt", "\(base)/back").status == 0)
      #expect(files.contents(atPath: "\(base)/back/inner") == Data("of a volume".utf8))
      #expect(try agent.agent.swiftctl("cp", "\(base)/tree", "\(base)/other").status == 1)
      #expect(try agent.agent.swiftctl("cp", "nobody:/x", base).status == 1)
    }
  }

  @Test("swiftctl's other commands: start, update, top, statsp, debug, bench") func others() async throws {
    try await RuntimeAgent.with { agent in
      let id = try await agent.create("c")
      let base = agent.base
      #expect(try agent.agent.swiftctl("start", "c").output == "\(id)\n")
      #expect(try agent.agent.swiftctl("exec", "c", "true").status == 0)
      #expect(try agent.agent.swiftctl("update", "--cpuset-cpus", "nonsense", "c").status == 1)
      let top = try agent.agent.swiftctl("top", "--seconds", "0.1", "--count", "2")
      #expect(top.status == 0 && top.output.split(separator: "\n").count { $0.hasPrefix("c ") } == 2)
      #expect(try agent.agent.swiftctl("top", "--pods", "--seconds", "0.1", "-n", "1").output.contains("cri"))
      #expect(try agent.agent.swiftctl("statsp", "-s", "0.1").output.contains("cri"))
      #expect(try agent.agent.swiftctl("imagefsinfo", "-o", "table").output.contains("images"))
      #expect(try agent.agent.swiftctl("runtime-config").output == "cgroup driver: CGROUPFS\n")
      #expect(try SwiftctlProgram(endpoint: nil, ["completion", "bash"]).output.contains("swiftctl"))
      // The processes of the container, through another one, which is gone afterwards.
      let debug = try agent.agent.swiftctl(
        "debug", "--image", "localhost/busybox:latest", "c", "sh", "-c", "sleep 2; cat /proc/[0-9]*/cmdline; exit 3")
      #expect(debug.status == 3 && debug.output.contains("1000"))
      #expect(try await agent.runtime.listContainers(ContainerFilter()).map(\.id) == [id])
      let bench = try agent.agent.swiftctl(
        "bench", "--image", "localhost/busybox:latest", "--number", "2", "--warm-up", "0", "--directory", "\(base)/bench",
        "--endpoint", "unix://\(agent.agent.state)/swiftlet.sock", "--endpoint", "unix://\(agent.agent.state)/swiftlet.sock")
      #expect(bench.status == 0 && bench.output.contains("2/1 P99") && bench.output.contains("ExecSync /bin/true"), "\(bench)")
      #expect(try await agent.runtime.listPodSandboxes(SandboxFilter()).count == 1)
    }
  }

  @Test("swiftctl passes streams on and has the command's exit code") func swiftctl() async throws {
    try await RuntimeAgent.with { agent in
      _ = try await agent.start("c")
      let good = try agent.agent.swiftctl("exec", "c", "sh", "-c", "echo out; echo err >&2; exit 5")
      #expect(good.status == 5 && good.output == "out\n" && good.error == "err\n")
      let input = try agent.agent.swiftctl("exec", "-i", "c", "wc", "-c")
      #expect(input.status == 0 && input.output == "0\n")
      let large = try agent.agent.swiftctl("exec", "c", "head", "-c", "20000000", "/dev/zero")
      #expect(large.output.utf8.count == 20_000_000)
      let bad = try agent.agent.swiftctl("exec", "c", "/no/such")
      #expect(bad.status == 1 && bad.error.contains("/no/such"))
    }
  }
}
