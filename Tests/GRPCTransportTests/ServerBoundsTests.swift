import LinuxSystem
import NIOCore
import NIOPosix
import SwiftProtobuf
import TestSupport
import Testing

@testable import GRPCTransport

@Suite("bounds of a gRPC server", .timeLimit(.minutes(5))) struct ServerBoundsTests {
  typealias Text = Google_Protobuf_StringValue

  /// Runs `body` against a server that answers a text with itself.
  private func withServer(
    heldBytes: Int = 1 << 20, calls: Int = 8192, _ body: (GRPCClient, String) async throws -> Void
  ) async throws {
    let path = "/tmp/swiftlet-bounds-\(UInt32.random(in: 0 ... .max)).sock"
    var router = GRPCRouter()
    router.unary("/t.T/Echo") { (request: Text, _) async throws(GRPCStatus) -> Text in request }
    router.serverStreaming("/t.T/Wait") { (_: Text, _, writer: ResponseWriter<Text>) async throws(GRPCStatus) in
      try await writer.send(Text())
      do { try await Task.sleep(for: .seconds(3600)) } catch { throw GRPCStatus(.cancelled, "") }
    }
    let server = GRPCServer(
      configuration: .init(socketPath: path, mode: 0o600, maximumHeldBytes: heldBytes, maximumCalls: calls), router: router)
    let (ready, continuation) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run { continuation.yield() } }
      for await _ in ready { break }
      let client = GRPCClient(configuration: .init(socketPath: path))
      do { try await body(client, path) } catch {
        group.cancelAll()
        throw error
      }
      await client.close()
      group.cancelAll()
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
        silent.append(
          try await ClientBootstrap(group: EventLoops.shared).channelOption(.autoRead, value: false)
            .connect(unixDomainSocketPath: path).get())
      }
      let _: Text = try await client.unary("/t.T/Echo", Text())
      for channel in silent { try? await channel.close().get() }
    }
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
  }
}
