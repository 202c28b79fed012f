import Glibc
import LinuxSystem
import NIOCore
import RPCSupport
import SwiftProtobuf
import Synchronization
import TestSupport
import Testing

@testable import GRPCTransport

/// What a client may send on the socket: whatever it is, the server serves the next one.
@Suite("Fuzz: HTTP/2", .timeLimit(.minutes(5))) struct HTTP2FuzzTests {
  private static let fields = HTTP2Bytes.call("/t.S/Echo") + [("grpc-timeout", "100m")]

  private static var corpus: [[UInt8]] {
    let (frame, headers) = (HTTP2Bytes.frame, HTTP2Bytes.headers)
    let message: [UInt8] = [0, 0, 0, 0, 4, 0x0A, 2, 0x68, 0x69]
    // Fields of HPACK's dynamic table, sizes that change, Huffman.
    let packed: [UInt8] = [0x3F, 0xE1, 0x1F, 0x82, 0x86, 0x84, 0x41, 0x8C, 0xF1, 0xE3, 0xC2, 0xE5, 0xF2, 0x3A, 0x6B, 0xA0, 0xAB]
    let settings: [[UInt8]] = [frame(4, 0, 0, [0, 3, 0, 0, 0, 100, 0, 4, 0, 1, 0, 0]), frame(4, 1, 0, [])]
    let call: [[UInt8]] = [frame(1, 4, 1, headers(fields)), frame(0, 1, 1, message)]
    let parts: [[UInt8]] = [
      frame(1, 0, 3, headers(Array(fields.prefix(3)))), frame(9, 4, 3, headers(Array(fields.suffix(4)))), frame(0, 1, 3, message),
    ]
    let control: [[UInt8]] = [
      frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]), frame(8, 0, 0, [0, 0, 1, 0]), frame(2, 0, 1, [0, 0, 0, 0, 16]),
      frame(3, 0, 1, [0, 0, 0, 8]), frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]),
    ]
    let talks: [[[UInt8]]] = [call, parts, call + control, [frame(1, 5, 5, packed)] + call]
    return talks.map { talk in ([HTTP2Bytes.preface] + settings + talk).flatMap { $0 } } + [
      Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    ]
  }

  @Test("bytes of clients never end the server, and cost the next client nothing") func server() async throws {
    try await GRPCRouter.echo("/t.S/Echo").served { path in
      let client = GRPCClient(configuration: .init(socketPath: path))
      try await Fuzzer("http2", corpus: Self.corpus, tokens: ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0\0\0\u{4}\u{1}\0\0\0\0"]).run(
        rounds: 200
      ) { bytes, repetition in
        let sent = await runBlocking { Self.send(bytes, to: path) }
        #expect(sent, "\(repetition): the server does not listen")
        let answer: Google_Protobuf_StringValue = try await client.unary("/t.S/Echo", Google_Protobuf_StringValue(repetition))
        #expect(answer.value == repetition)
      }
      await client.close()
    }
  }

  /// Writes `bytes` and reads what comes for a moment.
  private static func send(_ bytes: [UInt8], to path: String) -> Bool {
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { return false }
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
    let connected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, UInt32(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard connected == 0 else { return false }
    _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(socket, $0.baseAddress, $0.count, 0x4000 /* MSG_NOSIGNAL */) }
    shutdown(socket, 1 /* SHUT_WR */)
    var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    var buffer = [UInt8](repeating: 0, count: 65536)
    while unsafe poll(&wait, 1, 20) > 0, unsafe read(socket, &buffer, buffer.count) > 0 {}
    return true
  }
}
