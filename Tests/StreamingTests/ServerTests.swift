import LinuxSystem
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import Streaming

@Suite("The streaming server", .timeLimit(.minutes(5))) struct ServerTests {
  private func withServer(
    _ settings: StreamingServer.Settings = .init(), _ body: (StreamingServer) async throws -> Void
  ) async throws {
    let server = StreamingServer(settings)
    try await server.start()
    let running = Task { await server.run() }
    try await body(server)
    running.cancel()
    await running.value
  }

  /// A client with streams of its own, beside the test.
  private struct Client {
    let input: TestPipe
    let output: TestPipe
    let error: TestPipe
    let end: Task<ProcessEnd, any Error>

    init(_ url: String, tty: Bool = false, sizes: AsyncStream<(columns: UInt16, rows: UInt16)>? = nil) throws {
      (input, output, error) = (try TestPipe(), try TestPipe(), try TestPipe())
      let client = ProcessClient(
        url: url, tty: tty, input: input.take(), output: output.take(), error: tty ? nil : error.take(), sizes: sizes)
      end = Task { try await client.run() }
    }
  }

  @Test("input goes in, output and errors come out, and the exit code is told") func exec() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let client = try Client(try server.exec(process.request()))
      await client.input.write("hello")
      client.input.end()
      #expect(await process.input.text() == "hello")
      await process.output.write("out")
      await process.error.write("bad")
      process.closeOutputs()
      process.end(.exited(7))
      #expect(await client.output.text(3) == "out")
      #expect(await client.error.text(3) == "bad")
      #expect(try await client.end.value == .exited(7))
      #expect(!process.isAbandoned.withLock { $0 })
    }
  }

  @Test("what was written last before the end arrives, however slow the client is") func lastWords() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let client = try Client(try server.exec(process.request(stdin: true)))
      let text = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      async let written: Void = {
        await process.output.write(text)
        process.closeOutputs()
        process.end(.exited(0))
      }()
      #expect(await client.output.read(1) == Array(text.prefix(1)))
      #expect(await client.output.read(text.count - 1) == Array(text.dropFirst()))
      await written
      #expect(try await client.end.value == .exited(0))
    }
  }

  @Test("a process whose output nobody takes is held up, and nothing is lost") func backPressure() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let client = try Client(try server.exec(process.request()))
      let size = 64 << 20
      let count = Mutex(0)
      async let written: Void = {
        for _ in 0..<size >> 16 {
          await process.output.write([UInt8](repeating: 0x61, count: 1 << 16))
          count.withLock { $0 += 1 << 16 }
        }
      }()
      #expect(await client.output.read(1 << 20).count == 1 << 20)
      // Long enough for a server that keeps everything to have taken it all; sockets keep less than half of it.
      try await Task.sleep(for: .milliseconds(500))
      #expect(count.withLock { $0 } < size / 2)
      #expect(await client.output.read(size - (1 << 20)).count == size - (1 << 20))
      await written
      process.closeOutputs()
      process.end(.exited(0))
      #expect(try await client.end.value == .exited(0))
    }
  }

  @Test("much input arrives whole") func input() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let client = try Client(try server.exec(process.request()))
      let text = [UInt8]((0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
      async let fed: Void = {
        await client.input.write(text)
        client.input.end()
      }()
      #expect(await process.input.read() == text)
      await fed
      process.closeOutputs()
      process.end(.exited(0))
      #expect(try await client.end.value == .exited(0))
    }
  }

  @Test("a terminal has one output and the sizes of the client") func terminal() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let (sizes, size) = AsyncStream.makeStream(of: (columns: UInt16, rows: UInt16).self)
      let client = try Client(try server.exec(process.request(tty: true)), tty: true, sizes: sizes)
      size.yield((100, 30))
      #expect(await eventually { process.sizes.withLock { $0 } == [100, 30] })
      size.yield((80, 25))
      #expect(await eventually { process.sizes.withLock { $0 } == [80, 25] })
      process.closeOutputs()
      process.end(.exited(0))
      #expect(try await client.end.value == .exited(0))
      size.finish()
    }
  }

  @Test("streams that others hold after the end are waited for no longer than something comes") func held() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let client = try Client(try server.exec(process.request()))
      await process.output.write("last")
      process.end(.exited(3))
      #expect(try await client.end.value == .exited(3))
      #expect(await client.output.text(4) == "last")
    }
  }

  @Test("a client that goes lets go of the process, whose streams end") func gone() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let client = try Client(try server.exec(process.request()))
      await client.input.write("x")
      #expect(await process.input.text(1) == "x")
      client.end.cancel()
      #expect(await process.input.read().isEmpty)
      #expect(await eventually { process.isAbandoned.withLock { $0 } })
      process.end(.exited(0))
    }
  }

  @Test("nobody waits for the end of a process whose client left") func forgotten() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let client = try Client(try server.attach(process.request()))
      await client.input.write("x")
      #expect(await process.input.text(1) == "x")
      client.end.cancel()
      #expect(await eventually { process.isForgotten.withLock { $0 } })
    }
  }

  @Test("an attach that is cut off says so") func cutOff() async throws {
    var settings = StreamingServer.Settings()
    settings.endPatience = .milliseconds(100)
    try await withServer(settings) { server in
      let process = try TestProcess()
      let client = try Client(try server.attach(process.request()))
      await process.output.write("so far")
      process.closeOutputs()
      guard case .failed(let reason) = try await client.end.value else {
        Issue.record("it looks like a good end")
        return
      }
      #expect(reason.contains("the output ended before the container"))
      #expect(await client.output.text(6) == "so far")
      #expect(await eventually { process.isForgotten.withLock { $0 } })
    }
  }

  @Test("a terminal whose output no client wants does not hold up its process") func unread() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let (input, url) = (try TestPipe(), try server.exec(process.request(stdout: false, tty: true)))
      let end = Task { try await ProcessClient(url: url, tty: true, input: input.take()).run() }
      // More than pipes hold.
      await process.output.write([UInt8](repeating: 0x61, count: 4 << 20))
      process.closeOutputs()
      process.end(.exited(5))
      #expect(try await end.value == .exited(5))
    }
  }

  @Test("a session on which nothing happens ends") func idle() async throws {
    try await withServer(.init(idleTimeout: .milliseconds(300))) { server in
      let process = try TestProcess()
      let client = try Client(try server.exec(process.request()))
      #expect(try await client.end.value == .failed("the server closed the connection"))
      #expect(await eventually { process.isAbandoned.withLock { $0 } })
    }
  }

  @Test("no more connections than there may be are held") func bounded() async throws {
    var settings = StreamingServer.Settings()
    #expect(settings.maximumConnections == 4096)
    settings.maximumConnections = 2
    try await withServer(settings) { server in
      let processes = try (0..<3).map { _ in try TestProcess() }
      let clients = try processes.prefix(2).map { try Client(try server.exec($0.request())) }
      for (client, process) in zip(clients, processes) {
        await client.input.write("x")
        #expect(await process.input.text(1) == "x")
      }
      guard case .failed = try await Client(try server.exec(processes[2].request())).end.value else {
        Issue.record("a third one began")
        return
      }
      processes[0].closeOutputs()
      processes[0].end(.exited(0))
      #expect(try await clients[0].end.value == .exited(0))
      // There is room again, as soon as the server has seen the end.
      #expect(
        await eventually {
          guard let process = try? TestProcess(), let url = try? server.exec(process.request()) else { return false }
          process.closeOutputs()
          process.end(.exited(0))
          return (try? await Client(url).end.value) == .exited(0)
        })
      clients[1].end.cancel()
    }
  }

  @Test("a client of an old version opens no stream for sizes", arguments: ["channel.k8s.io", "v2.channel.k8s.io"])
  func oldVersions(_ name: String) async throws {
    try await withServer { server in
      let process = try TestProcess()
      let client = try await RawClient(
        try server.exec(process.request(tty: true)), ["Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: \(name)"])
      #expect(await client.head().hasPrefix("HTTP/1.1 101 "))
      var writer = SPDYFrameWriter()
      for (number, stream) in [ProcessStream.error, .stdin, .stdout].enumerated() {
        let frame = writer.openStream(UInt32(2 * number + 1), SPDYHeaders([("streamtype", stream.rawValue)]))
        await client.send(Array(frame.readableBytesView))
      }
      await client.send(Array(writer.data(3, count: 2).readableBytesView) + Array("hi".utf8))
      #expect(await process.input.text(2) == "hi")
      process.closeOutputs()
      process.end(.exited(0))
    }
  }

  @Test("a client that opens halves of connections only has few of them") func halves() async throws {
    try await withServer { server in
      let client = try await RawClient(
        try server.portForward(ForwardRequest { _ in throw ProcessEnd.failed("not reached") }),
        ["Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: portforward.k8s.io"])
      #expect(await client.head().hasPrefix("HTTP/1.1 101 "))
      var (writer, parser) = (SPDYFrameWriter(), SPDYFrameParser())
      for number in 0...ForwardSession.maximumWaiting {
        let headers = SPDYHeaders([("streamtype", "data"), ("port", "80"), ("requestid", "\(number)")])
        await client.send(Array(writer.openStream(UInt32(2 * number + 1), headers).readableBytesView))
      }
      var reset: [UInt32] = []
      while reset.isEmpty {
        guard let next = await client.spdyFrame() else { break }
        parser.append(ByteBuffer(bytes: next))
        if case .reset(let stream, _)? = try parser.next() { reset.append(stream) }
      }
      #expect(reset == [UInt32(2 * ForwardSession.maximumWaiting + 1)])
    }
  }

  @Test("a process that cannot begin tells its client why") func fails() async throws {
    try await withServer { server in
      let url = try server.exec(
        ProcessRequest(stdin: false, stdout: true, stderr: false, tty: false) { throw ProcessEnd.failed("no such file") })
      let output = try TestPipe()
      let end = try await ProcessClient(url: url, output: output.take()).run()
      #expect(end == .failed("Internal error occurred: no such file"))
    }
  }

  @Test("a URL is good once, and for what it was made") func once() async throws {
    try await withServer { server in
      let process = try TestProcess()
      let url = try server.exec(process.request())
      let wrong = url.replacing("/exec/", with: "/attach/")
      #expect(try await ProcessClient(url: wrong).run() != .exited(0))
      let client = try Client(url)
      process.closeOutputs()
      process.end(.exited(0))
      #expect(try await client.end.value == .exited(0))
      guard case .failed(let reason) = try await ProcessClient(url: url).run() else {
        Issue.record("a used URL was taken")
        return
      }
      #expect(reason.hasPrefix("the server answers 404 Not Found: no such session"))
    }
  }

  @Test("a client that does not open what it asked for is cut off") func streams() async throws {
    try await withServer(.init(creationTimeout: .milliseconds(200))) { server in
      let process = try TestProcess()
      // Asks for an input, and opens none.
      guard case .failed = try await ProcessClient(url: try server.exec(process.request())).run() else {
        Issue.record("the session began")
        return
      }
    }
  }

  @Test("each connection to a forwarded port is one in the pod, and each side ends for itself") func forward() async throws {
    let echo = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer {
        $0.eventLoop.makeCompletedFuture { [pipeline = $0.pipeline] in
          try pipeline.syncOperations.addHandler(AnswersAtTheEnd())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let port = UInt16(try #require(echo.localAddress?.port))
    try await withServer { server in
      let url = try server.portForward(
        ForwardRequest { asked in
          guard asked == 80 else { throw ProcessEnd.failed("nothing answers at port \(asked)") }
          return try await LoopbackSocket.connect(port: port, in: nil, within: .seconds(30))
        })
      let (ports, found) = AsyncStream.makeStream(of: Int.self)
      let (problems, problem) = AsyncStream.makeStream(of: String.self)
      let client = Task {
        try await ForwardClient(url: url, ports: [(0, 80), (0, 81)]).run(
          listening: { local, _ in found.yield(local) }, problem: { problem.yield($0) })
      }
      var iterator = ports.makeAsyncIterator()
      let good = UInt16(try #require(await iterator.next()))
      let bad = UInt16(try #require(await iterator.next()))
      let size = 100_000
      try await withThrowingTaskGroup(of: Bool.self) { tasks in
        for number in 0..<50 {
          tasks.addTask {
            let text = [UInt8]((0..<size).map { UInt8(truncatingIfNeeded: $0 + number) })
            return try await Self.talk(good, text) == text
          }
        }
        for try await right in tasks { #expect(right) }
      }
      #expect(try await Self.talk(bad, []).isEmpty)
      #expect(await problems.first { _ in true } == "nothing answers at port 81")
      client.cancel()
      _ = try? await client.value
    }
    try await echo.close().get()
  }

  /// Sends, says that this is all, and gives what comes back.
  private static func talk(_ port: UInt16, _ text: [UInt8]) async throws -> [UInt8] {
    let socket = try await LoopbackSocket.connect(port: port, in: nil, within: .seconds(30))
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .withConnectedSocket(try socket.duplicate().release()) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      if !text.isEmpty { try await outbound.write(ByteBuffer(bytes: text)) }
      outbound.finish()
      var answer: [UInt8] = []
      for try await part in inbound { answer += part.readableBytesView }
      return answer
    }
  }
}

/// Gives back what it got, when its client has said all.
private final class AnswersAtTheEnd: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  private var text = ByteBuffer()

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { text.writeImmutableBuffer(unwrapInboundIn(data)) }
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .inputClosed? = event as? ChannelEvent else { return }
    let channel = context.channel
    channel.writeAndFlush(text).whenComplete { _ in channel.close(promise: nil) }
  }
}
