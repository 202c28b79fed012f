import LinuxSystem
import NIOCore
import NIOPosix
import RPCSupport
import SwiftProtobuf
import TestSupport
import Testing

@testable import GRPCTransport

@Suite("bounds of a gRPC server", .timeLimit(.minutes(5))) struct ServerBoundsTests {
  typealias Text = Google_Protobuf_StringValue

  /// Runs `body` against a server that answers a text with itself.
  private func withServer(
    heldBytes: Int = 1 << 20, messageBytes: Int = defaultMaximumMessageBytes, calls: Int = 8192, grace: Duration = .seconds(5),
    _ body: (GRPCClient, String) async throws -> Void
  ) async throws {
    var router = GRPCRouter.echo("/t.T/Echo")
    router.serverStreaming("/t.T/Wait") { (_: Text, _, writer: ResponseWriter<Text>) async throws(GRPCStatus) in
      try await writer.send(Text())
      do { try await Task.sleep(for: .seconds(3600)) } catch { throw GRPCStatus(.cancelled, "") }
    }
    let change = { (configuration: inout GRPCServer.Configuration) in
      configuration.maximumMessageBytes = messageBytes
      configuration.maximumHeldBytes = heldBytes
      configuration.maximumCalls = calls
      configuration.shutdownGrace = grace
    }
    try await router.served(with: change) { path in
      let client = GRPCClient(configuration: .init(socketPath: path))
      try await body(client, path)
      await client.close()
    }
  }

  @Test("a message that does not fit what all calls may hold is refused, and the next one that does is served")
  func held() async throws {
    try await withServer(heldBytes: 100_000) { client, _ in
      var big = Text()
      big.value = String(repeating: "x", count: 200_000)
      let error = await #expect(throws: GRPCStatus.self) { let _: Text = try await client.unary("/t.T/Echo", big) }
      #expect(error?.code == .resourceExhausted)
      var small = Text()
      small.value = String(repeating: "x", count: 40_000)
      // More than once: what a call held is given back at its end.
      for _ in 0..<20 {
        let answer: Text = try await client.unary("/t.T/Echo", small)
        #expect(answer == small)
      }
    }
  }

  @Test("clients that leave their connections open do not lock others out, and come back to their own with the next call")
  func forgotten() async throws {
    try await withServer { _, path in
      let clients = (0..<ServerConnections.limit + 44).map { _ in GRPCClient(configuration: .init(socketPath: path)) }
      for client in clients { let _: Text = try await client.unary("/t.T/Echo", Text()) }
      for client in [clients[0], clients[100], clients[299]] { let _: Text = try await client.unary("/t.T/Echo", Text()) }
      for client in clients { await client.close() }
    }
  }

  @Test("connections that answer nothing, not even that they are to leave, lock nobody out")
  func silent() async throws {
    try await withServer { client, path in
      var silent: [any Channel] = []
      for _ in 0..<ServerConnections.limit + 44 {
        // The listening socket's queue may be full for a moment.
        let connected = await eventually {
          guard let channel = try? await Self.silent(path) else { return false }
          silent.append(channel)
          return true
        }
        #expect(connected)
      }
      // As full as it may be for this one.
      let isServed = await eventually { (try? await client.unary("/t.T/Echo", Text(), returning: Text.self)) != nil }
      #expect(isServed)
      for channel in silent { try? await channel.close().get() }
    }
  }

  /// A client that is stopped, as far as a server can tell.
  private static func silent(_ path: String) async throws -> any Channel {
    try await ClientBootstrap(group: EventLoops.shared).channelOption(.autoRead, value: false)
      .connect(unixDomainSocketPath: path).get()
  }

  @Test("a client that is stopped does not keep the server from ending")
  func stopped() async throws {
    // Ends with the server's end, which the time limit of the suite waits for.
    try await withServer(grace: .milliseconds(50)) { client, path in
      let silent = try await Self.silent(path)
      let _: Text = try await client.unary("/t.T/Echo", Text())
      #expect(silent.isActive)
    }
  }

  @Test("who reads none of its answers refuses itself room, not others")
  func unread() async throws {
    let size = 32_000
    // Two of the largest messages are a connection's share, four the whole.
    try await withServer(heldBytes: 4 * size, messageBytes: size) { client, path in
      let sloth = try await Self.silent(path)
      // Requests that never end: more of them than the share takes.
      let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
      try await sloth.writeAndFlush(ByteBuffer(bytes: preface)).get()
      for stream in 0..<20 { try await sloth.writeAndFlush(ByteBuffer(bytes: Self.half(UInt8(1 + 2 * stream), 16_000))).get() }
      var big = Text()
      big.value = String(repeating: "x", count: size / 2)
      for _ in 0..<20 {
        let answer: Text = try await client.unary("/t.T/Echo", big)
        #expect(answer == big)
      }
      try? await sloth.close().get()
    }
  }

  /// The headers of a call and `count` bytes of a message that is longer.
  private static func half(_ stream: UInt8, _ count: Int) -> [UInt8] {
    let message: [UInt8] = [0, 0, 0, 0x7C, 0xFF] + [UInt8](repeating: 0x78, count: count - 5)
    return HTTP2Bytes.frame(1, 4, stream, HTTP2Bytes.headers(HTTP2Bytes.call("/t.T/Echo")))
      + HTTP2Bytes.frame(0, 0, stream, message)
  }

  @Test("calls above the bound are refused, not kept waiting, and one that ends makes room")
  func calls() async throws {
    try await withServer(calls: 3) { client, path in
      let other = GRPCClient(configuration: .init(socketPath: path))
      var waiting: [Task<Void, any Error>] = []
      let (begun, ready) = AsyncStream.makeStream(of: Void.self)
      var iterator = begun.makeAsyncIterator()
      for _ in 0..<3 {
        waiting.append(
          Task {
            let answers: ResponseStream<Text> = try await client.serverStreaming("/t.T/Wait", Text())
            for try await _ in answers { ready.yield() }
          })
        await iterator.next()
      }
      let error = await #expect(throws: GRPCStatus.self) { let _: Text = try await other.unary("/t.T/Echo", Text()) }
      #expect(error?.code == .resourceExhausted)
      waiting[0].cancel()
      _ = await waiting[0].result
      let served = await eventually { (try? await other.unary("/t.T/Echo", Text(), returning: Text.self)) != nil }
      #expect(served)
      for task in waiting { task.cancel() }
      await other.close()
    }
  }

  @Test("readers of endless answers are bounded more tightly than calls that end")
  func readers() async throws {
    try await withServer { client, _ in
      let (begun, ready) = AsyncStream.makeStream(of: Void.self)
      var iterator = begun.makeAsyncIterator()
      let readers = (0..<StreamingCalls.limit).map { _ in
        Task {
          let answers: ResponseStream<Text> = try await client.serverStreaming("/t.T/Wait", Text())
          for try await _ in answers { ready.yield() }
        }
      }
      for _ in readers { await iterator.next() }
      let error = await #expect(throws: GRPCStatus.self) {
        let answers: ResponseStream<Text> = try await client.serverStreaming("/t.T/Wait", Text())
        for try await _ in answers {}
      }
      #expect(error?.code == .resourceExhausted)
      let _: Text = try await client.unary("/t.T/Echo", Text())
      for reader in readers { reader.cancel() }
      for reader in readers { _ = await reader.result }
      let isFree = await eventually {
        let answers: ResponseStream<Text>? = try? await client.serverStreaming("/t.T/Wait", Text())
        guard let answers else { return false }
        do { for try await _ in answers { return true } } catch { return false }
        return false
      }
      #expect(isFree)
    }
  }

  @Test("the socket has the mode it was told, whatever the umask, and is gone at the end")
  func mode() async throws {
    var path = ""
    try await withServer(heldBytes: 1000) { _, socket in
      let facts = try HostFiles.facts(socket)
      #expect(facts?.mode == 0o600)
      #expect(facts?.kind == .socket)
      path = socket
    }
    let left = try HostFiles.facts(path)
    #expect(left == nil)
  }

  @Test("without a group only root and the own user may connect")
  func peers() {
    let stranger = PeerCredentials(process: 2, user: 1000, group: 1000)
    #expect(!stranger.mayConnect(ownUser: 0, group: nil, mode: 0o660))
    #expect(stranger.mayConnect(ownUser: 1000, group: nil, mode: 0o660))
    #expect(stranger.mayConnect(ownUser: 0, group: 5, mode: 0o660))
    #expect(PeerCredentials(process: 2, user: 0, group: 0).mayConnect(ownUser: 5, group: nil, mode: 0o600))
  }

  @Test("memory that was refused is not taken")
  func memory() {
    let memory = MessageMemory(limit: 10)
    #expect(memory.take(8))
    #expect(!memory.take(3))
    #expect(memory.take(2))
    memory.give(10)
    #expect(memory.bytes == 0)
    // A part has its own bound and counts against the whole's; what was refused is taken from neither.
    let (one, other) = (MessageMemory(limit: 6, of: memory), MessageMemory(limit: 6, of: memory))
    #expect(one.take(6) && !one.take(1))
    #expect(other.take(4) && !other.take(1))
    #expect(memory.bytes == 10 && other.bytes == 4)
    one.give(6)
    #expect(other.take(2) && memory.bytes == 6)
  }
}
