import NIOCore
import Testing

@testable import Streaming

@Suite("Frames of clients") struct FrameTests {
  /// All frames of some bytes that come in parts of a size.
  private func frames(_ bytes: ByteBuffer, parts: Int) throws -> [SPDYFrame] {
    var (parser, frames, rest) = (SPDYFrameParser(), [SPDYFrame](), bytes)
    while let part = rest.readSlice(length: min(parts, rest.readableBytes)), part.readableBytes > 0 {
      parser.append(part)
      while let frame = try parser.next() {
        // Parts of one frame are one again.
        if case .data(let stream, let more, let ends) = frame, case .data(stream, var bytes, false)? = frames.last {
          bytes.writeImmutableBuffer(more)
          frames[frames.count - 1] = .data(stream, bytes, ends: ends)
        } else {
          frames.append(frame)
        }
      }
    }
    return frames
  }

  @Test("SPDY frames are found however they are cut", arguments: [1, 2, 7, 100, 10_000]) func spdy(parts: Int) throws {
    var writer = SPDYFrameWriter()
    let headers = SPDYHeaders([("streamtype", "data"), ("port", "80")])
    var bytes = writer.openStream(1, headers)
    for part in [
      writer.openStream(3, headers, ends: true), writer.data(1, count: 5), ByteBuffer(string: "hello"), writer.ping(7),
      writer.data(1, count: 0, ends: true), writer.reset(3, .cancel), writer.reply(1), writer.goAway(last: 3),
    ] { bytes.writeImmutableBuffer(part) }
    #expect(
      try frames(bytes, parts: parts) == [
        .openStream(1, headers, ends: false), .openStream(3, headers, ends: true),
        .data(1, ByteBuffer(string: "hello"), ends: false),
        .ping(7), .data(1, ByteBuffer(), ends: true), .reset(3, .cancel), .reply(1, SPDYHeaders(), ends: false), .goAway,
      ])
  }

  @Test("a control frame that is too large, or of another version, is refused before it is there")
  func bounds() {
    #expect(throws: StreamProtocolError.self) { try frames(ByteBuffer(bytes: [0x80, 3, 0, 1, 0, 0xFF, 0xFF, 0xFF]), parts: 8) }
    #expect(throws: StreamProtocolError.self) { try frames(ByteBuffer(bytes: [0x80, 2, 0, 1, 0, 0, 0, 10]), parts: 8) }
    #expect(throws: StreamProtocolError.self) { try frames(ByteBuffer(bytes: [0x80, 3, 0, 3, 0, 0, 0, 2, 0, 0]), parts: 10) }
  }

  @Test("streams open in order, end on both sides, and are no more than allowed") func streams() throws {
    var streams = SPDYStreams(limit: 2)
    #expect(try streams.opened(1, ends: false))
    #expect(try streams.opened(3, ends: true))
    #expect(try !streams.opened(5, ends: false))
    #expect(throws: StreamProtocolError.self) { try streams.opened(3, ends: false) }
    #expect(throws: StreamProtocolError.self) { try streams.opened(8, ends: false) }
    #expect(streams.received(3, ends: false) == .drop)
    #expect(streams.received(1, ends: true) == .deliver)
    #expect(streams.received(1, ends: false) == .drop)
    #expect(streams.canSend(1))
    streams.ended(1)
    #expect(!streams.canSend(1))
    #expect(streams.all == [3])
    #expect(streams.reset(3) == true)
    #expect(streams.reset(3) == false)
    #expect(streams.count == 0)
    #expect(try streams.opened(7, ends: false))
    streams.ended(7)
    #expect(streams.received(7, ends: true) == .deliver)
    #expect(streams.count == 0)
  }

  @Test("WebSocket frames are unmasked; those that break the rules are refused") func webSocket() throws {
    var parser = WebSocketFrameParser()
    // RFC 6455, section 5.7: a masked "Hello".
    let hello: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
    for byte in hello.dropLast() {
      parser.append(ByteBuffer(bytes: [byte]))
      #expect(try parser.next() == nil)
    }
    parser.append(ByteBuffer(bytes: [0x58]))
    #expect(try parser.next() == WebSocketFrame(kind: .text, payload: ByteBuffer(string: "Hello")))
    for bytes: [UInt8] in [
      [0x81, 0x05], [0xC1, 0x85], [0x83, 0x80], [0x09, 0x80, 0, 0, 0, 0], [0x89, 0xFE, 0, 126, 0, 0, 0, 0],
      [0x82, 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 1], [0x82, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0],
    ] {
      var parser = WebSocketFrameParser()
      parser.append(ByteBuffer(bytes: bytes))
      #expect(throws: StreamProtocolError.self) { try parser.next() }
    }
  }

  @Test("base64 and SHA-1 are those of their standards") func encodings() {
    for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
      #expect(String(decoding: Base64.encode(text.utf8), as: UTF8.self) == encoded)
      #expect(Base64.decode(encoded.utf8) == Array(text.utf8))
    }
    #expect(Base64.decode("Zg=".utf8) == nil)
    #expect(Base64.decode("Z===".utf8) == nil)
    #expect(Base64.decode("Zg==Zg==".utf8) == nil)
    #expect(SHA1.digest(Array("abc".utf8)).prefix(4) == [0xA9, 0x99, 0x3E, 0x36])
    let long = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
    #expect(SHA1.digest(long).prefix(4) == [0x84, 0x98, 0x3E, 0x44])
  }

  @Test("sizes of terminals are found in what comes; impossible ones are not") func sizes() {
    var sizes = TerminalSizes()
    #expect(sizes.add(Array(#"{"Width":80,"Hei"#.utf8)) == nil)
    let size = sizes.add(Array(#"ght":24}{"Width":100,"Height":0}"#.utf8))
    #expect(size?.columns == 80 && size?.rows == 24)
    #expect(sizes.add(Array(#"{"Width":70000,"Height":1}}}{{}"#.utf8)) == nil)
    #expect(sizes.add([UInt8](repeating: 0x7B, count: 10_000)) == nil)
  }

  @Test("what the error stream says is what a client reads") func statuses() {
    for end in [ProcessEnd.exited(0), .exited(3), .exited(255)] {
      #expect(ExitStatus.end(ExitStatus.bytes(end, hasStatus: true)) == end)
    }
    let failed = String(decoding: ExitStatus.bytes(.failed("no \"x\"\n"), hasStatus: true), as: UTF8.self)
    #expect(failed.contains(#"no \"x\"\n"#) && failed.contains(#""code":500"#))
    #expect(ExitStatus.bytes(.exited(0), hasStatus: false).isEmpty)
  }
}
