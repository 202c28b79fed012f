import FoundationEssentials
import NIOCore
import NIOPosix
import SwiftProtobuf
import TestSupport
import Testing

@testable import GRPCTransport

/// Bytes of a client that is not one of ours.
@Suite("Fuzz: HTTP/2", .timeLimit(.minutes(60))) struct HTTP2FuzzTests {
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

  private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type, flags, 0, 0, 0, stream] + payload
  }

  /// A call as a client makes it: HEADERS in literals, one message, the end.
  private static func call(stream: UInt8) -> [UInt8] {
    var block: [UInt8] = []
    for (name, value) in [
      (":method", "POST"), (":scheme", "http"), (":path", "/t.S/Echo"), (":authority", "localhost"),
      ("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", "1S"),
    ] { block += [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8) }
    return frame(1, 4, stream, block) + frame(0, 1, stream, [0, 0, 0, 0, 4, 0x0a, 2, 0x68, 0x69])
  }

  @Test("after whatever bytes the server serves the next client") func server() async throws {
    let path = "/tmp/grpc-fuzz-\(UInt64.random(in: 0...UInt64.max)).sock"
    var router = GRPCRouter()
    router.unary("/t.S/Echo") { (request: Google_Protobuf_StringValue, _) async throws(GRPCStatus) in request }
    let server = GRPCServer(configuration: .init(socketPath: path), router: router)
    let (ready, listening) = AsyncStream.makeStream(of: Void.self)
    let serving = Task {
      defer { listening.finish() }
      try await server.run { listening.yield() }
    }
    for await _ in ready { break }
    let corpus = [
      Self.preface + Self.call(stream: 1), Self.preface + Self.call(stream: 1) + Self.call(stream: 3),
      Self.preface + Self.frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]) + Self.frame(8, 0, 0, [0, 0, 1, 0]) + Self.frame(3, 0, 1, [0, 0, 0, 8]),
      Self.preface + Self.frame(4, 0, 0, [0, 4, 0, 0, 0xff, 0xff, 0, 5, 0, 0, 0x40, 0]) + Self.frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]),
    ]
    var sent = 0
    do {
      try await Fuzzer("http2", corpus: corpus).run(rounds: 200) { bytes, repetition in
        // Half of them keep the preface, or nothing behind it is ever reached.
        let bytes = sent % 2 == 0 ? bytes : Self.preface + bytes.dropFirst(Self.preface.count)
        let channel = try await ClientBootstrap(group: EventLoops.shared).connect(unixDomainSocketPath: path).get()
        try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        try? await channel.close().get()
        sent += 1
        if sent % 50 == 0 {
          let client = GRPCClient(configuration: .init(socketPath: path))
          let answer: Google_Protobuf_StringValue = try await client.unary("/t.S/Echo", Google_Protobuf_StringValue("still here"))
          #expect(answer.value == "still here", "\(repetition)")
          await client.close()
        }
      }
    } catch {
      serving.cancel()
      throw error
    }
    serving.cancel()
    try await serving.value
  }
}
