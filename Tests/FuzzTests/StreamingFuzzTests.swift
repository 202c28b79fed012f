import NIOCore
import TestSupport
import Testing

@testable import Streaming

/// What a client may send to the streaming server: damage is an error, what comes out has a bound.
@Suite("Fuzz: streams", .timeLimit(.minutes(5))) struct StreamingFuzzTests {
  private static func bytes(_ buffers: [ByteBuffer]) -> [UInt8] { buffers.flatMap { Array($0.readableBytesView) } }

  @Test("SPDY frames, however they are cut") func spdy() async throws {
    var writer = SPDYFrameWriter()
    let headers = SPDYHeaders([("streamtype", "data"), ("port", "80"), ("requestid", "0")])
    let talk = [
      writer.openStream(1, headers), writer.openStream(3, headers, ends: true), writer.data(1, count: 3), ByteBuffer(string: "abc"),
      writer.ping(1), writer.reset(3, .cancel), writer.reply(1), writer.goAway(last: 3),
    ]
    try await Fuzzer("spdy", corpus: [Self.bytes(talk), Self.bytes(Array(talk[2...]))]).run(rounds: 1500) { bytes, repetition in
      var (parser, streams) = (SPDYFrameParser(), SPDYStreams(limit: 8))
      var random = SeededGenerator(UInt64(bytes.count))
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = rest.prefix(Int.random(in: 1...64, using: &random))
        rest = rest.dropFirst(part.count)
        parser.append(ByteBuffer(bytes: part))
        while let frame = try? parser.next() {
          switch frame {
          case .openStream(let stream, let headers, let ends):
            #expect(headers.fields.count <= SPDYHeaders.maximumCount, "\(repetition)")
            _ = try? streams.opened(stream, ends: ends)
          case .data(let stream, _, let ends): _ = streams.received(stream, ends: ends)
          case .reset(let stream, _): _ = streams.reset(stream)
          case .reply, .ping, .goAway, .ignored: break
          }
          #expect(streams.count <= 8, "\(repetition)")
        }
      }
    }
  }

  @Test("compressed headers never become more than their limit") func headers() async throws {
    // Fixed codes with a match, dynamic ones, stored; the first by zlib with SPDY's dictionary.
    let corpus: [[UInt8]] = [
      [
        0x78, 0xf9, 0xe3, 0xc6, 0xa7, 0xc2, 0x02, 0x25, 0x3a, 0x70, 0x3a, 0x2b, 0x29, 0x4a, 0x4d, 0xcc, 0x85, 0x16, 0x25, 0xac,
        0xa9,
        0xa0, 0x80, 0x86, 0x14, 0xcb, 0x45, 0xa0, 0x24, 0xcc, 0x64, 0x61, 0x00, 0x24, 0x39, 0x8b, 0x20, 0x91, 0x98, 0x09, 0x4a,
        0xdc,
        0x8c, 0x06, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
      ],
      [0x78, 0x01, 0x00, 0x04, 0x00, 0xfb, 0xff, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0xff, 0xff],
      [0x78, 0x01, 0x4c, 0xc0, 0x31, 0x01, 0x00],
      [0x78, 0x01, 0x04, 0xc0, 0x81, 0x08, 0x00, 0x00, 0x00, 0x00, 0x20, 0x7f, 0xeb, 0x0b],
    ]
    try await Fuzzer("inflate", corpus: corpus).run(rounds: 2500) { bytes, repetition in
      let inflater = Inflater()
      for _ in 0..<2 {
        guard let found = try? inflater.inflate(bytes, limit: 4096) else { return }
        #expect(found.count <= 4096, "\(repetition)")
        _ = try? SPDYHeaders(decoding: found)
      }
    }
  }

  @Test("WebSocket frames, heads of requests, sizes, texts") func others() async throws {
    let corpus: [[UInt8]] = [
      [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58, 0x89, 0x80, 1, 2, 3, 4], [0x82, 0xFE, 0, 126, 0, 0, 0, 0],
      Array("POST /exec/x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: a,b\r\n\r\nrest".utf8),
      Array(#"{"Width":80,"Height":24}{"Width":1"#.utf8), Array("Zm9vYmFy".utf8),
      Array(#"{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#.utf8),
    ]
    try await Fuzzer("websocket", corpus: corpus).run(rounds: 1500) { bytes, repetition in
      var parser = WebSocketFrameParser()
      parser.append(ByteBuffer(bytes: bytes))
      while let frame = try? parser.next() {
        #expect(frame.payload.readableBytes <= bytes.count, "\(repetition)")
      }
      var buffer = ByteBuffer(bytes: bytes)
      if let head = try? HTTPHead.read(from: &buffer) {
        #expect(head.first.count >= 2, "\(repetition)")
        _ = (Upgrade.answer(head, forwards: false), Upgrade.answer(head, forwards: true))
      }
      var sizes = TerminalSizes()
      _ = (sizes.add(bytes), ExitStatus.end(bytes))
      if let decoded = Base64.decode(bytes) { #expect(Base64.encode(decoded).count == bytes.count, "\(repetition)") }
    }
  }
}
