import LinuxSystem
import SwiftProtobuf
import Testing

@testable import GRPCTransport

@Suite("bounds of a gRPC server", .timeLimit(.minutes(5))) struct ServerBoundsTests {
  typealias Text = Google_Protobuf_StringValue

  /// Runs `body` against a server that answers a text with itself.
  private func withServer(heldBytes: Int, _ body: (GRPCClient, String) async throws -> Void) async throws {
    let path = "/tmp/swiftlet-bounds-\(UInt32.random(in: 0 ... .max)).sock"
    var router = GRPCRouter()
    router.unary("/t.T/Echo") { (request: Text, _) async throws(GRPCStatus) -> Text in request }
    let server = GRPCServer(configuration: .init(socketPath: path, mode: 0o600, maximumHeldBytes: heldBytes), router: router)
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
