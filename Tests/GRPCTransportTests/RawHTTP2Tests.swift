import FoundationEssentials
import NIOCore
import NIOPosix
import RPCSupport
import SwiftProtobuf
import TestSupport
import Testing

@testable import GRPCTransport

/// Collects what a server sends, as bytes.
private final class Collector: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private var bytes: [UInt8] = []
  private let wanted: [UInt8]
  private let found: EventLoopPromise<[UInt8]>

  init(wanted: [UInt8], found: EventLoopPromise<[UInt8]>) {
    self.wanted = wanted
    self.found = found
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    bytes += [UInt8](buffer: unwrapInboundIn(data))
    if bytes.indices.contains(where: { bytes[$0...].starts(with: wanted) }) { found.succeed(bytes) }
  }

  func channelInactive(context: ChannelHandlerContext) { found.succeed(bytes) }
}

private func text(_ value: String) -> Google_Protobuf_StringValue { Google_Protobuf_StringValue(value) }

@Suite("HTTP/2 bytes", .timeLimit(.minutes(5))) struct RawHTTP2Tests {
  private let path = "/tmp/grpc-raw-\(UInt64.random(in: 0...UInt64.max)).sock"

  private func exchange(_ bytes: [UInt8], until wanted: [UInt8]) async throws -> [UInt8] {
    let found = EventLoops.shared.any().makePromise(of: [UInt8].self)
    let channel = try await ClientBootstrap(group: EventLoops.shared)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(wanted: wanted, found: found))
        }
      }
      .connect(unixDomainSocketPath: path).get()
    try await channel.writeAndFlush(ByteBuffer(bytes: HTTP2Bytes.preface + HTTP2Bytes.frame(4, 0, 0, []) + bytes)).get()
    let received = try await found.futureResult.get()
    try? await channel.close().get()
    return received
  }

  @Test("a ping is answered with its own data") func ping() async throws {
    try await GRPCRouter.echo("/t.S/Echo").served(at: path) { _ in
      let data: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
      let answer = HTTP2Bytes.frame(6, 1, 0, data)
      let received = try await exchange(HTTP2Bytes.frame(6, 0, 0, data), until: answer)
      #expect(received.indices.contains { received[$0...].starts(with: answer) })
    }
  }

  @Test("a call that is reset before its message, and garbage instead of HTTP/2, leave the server serving") func resets()
    async throws
  {
    try await GRPCRouter.echo("/t.S/Echo").served(at: path) { _ in
      let (frame, data) = (HTTP2Bytes.frame, [8, 7, 6, 5, 4, 3, 2, 1] as [UInt8])
      let headers = frame(1, 4, 1, HTTP2Bytes.headers(HTTP2Bytes.call("/t.S/Echo")))
      let half = headers + frame(0, 0, 1, [0, 0, 0]) + frame(3, 0, 1, [0, 0, 0, 8])
      _ = try await exchange(half + frame(6, 0, 0, data), until: frame(6, 1, 0, data))
      _ = try await exchange([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], until: [0xAA, 0xBB, 0xCC, 0xDD])
      let client = GRPCClient(configuration: .init(socketPath: path))
      let answer: Google_Protobuf_StringValue = try await client.unary("/t.S/Echo", text("still here"))
      #expect(answer.value == "still here")
      await client.close()
    }
  }

  @Test("the socket of a dead server is replaced, and the client connects again by itself") func deadSocket() async throws {
    let dead = try await ServerBootstrap(group: EventLoops.shared).bind(unixDomainSocketPath: "\(path).old").get()
    // Moved, so that closing does not remove it: as after SIGKILL.
    try FileManager.default.moveItem(atPath: "\(path).old", toPath: path)
    try await dead.close().get()
    #expect(FileManager.default.fileExists(atPath: path))
    let client = GRPCClient(configuration: .init(socketPath: path))
    for round in ["first", "second"] {
      try await GRPCRouter.echo("/t.S/Echo").served(at: path) { _ in
        let answer: Google_Protobuf_StringValue = try await client.unary("/t.S/Echo", text(round))
        #expect(answer.value == round)
      }
      let error = await #expect(throws: GRPCStatus.self) {
        let _: Google_Protobuf_StringValue = try await client.unary("/t.S/Echo", text(round))
      }
      #expect(error?.code == .unavailable)
    }
    await client.close()
  }

  @Test("what is no socket is never removed") func ordinaryFile() async throws {
    try Data("precious".utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let server = GRPCServer(configuration: .init(socketPath: path), router: GRPCRouter())
    let error = await #expect(throws: GRPCTransportError.self) { try await server.run() }
    #expect(error?.code == .cannotListen)
    #expect(FileManager.default.fileExists(atPath: path))
  }
}
