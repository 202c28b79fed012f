import NIOCore

/// Finds the frames in what a client sends, whole ones.
struct WebSocketFrameParser {
  /// Largest frame taken, bytes; clients of Kubernetes send 32 KiB.
  static let maximumFrame = 1 << 20

  private var buffer = ByteBuffer()

  mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.discardReadBytes()
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// The next frame; nil: more is needed.
  mutating func next() throws(StreamProtocolError) -> WebSocketFrame? {
    var rest = buffer
    guard let first = rest.readInteger(as: UInt8.self), let second = rest.readInteger(as: UInt8.self) else { return nil }
    guard first & 0x70 == 0, let kind = WebSocketFrame.Kind(rawValue: first & 0x0F) else {
      throw .malformed("a WebSocket frame of an unknown kind")
    }
    // Source: RFC 6455, section 5.1.
    guard second & 0x80 != 0 else { throw .malformed("a frame that is not masked") }
    guard let length = try Self.length(Int(second & 0x7F), &rest), let mask = rest.readBytes(length: 4) else { return nil }
    let isFinal = first & 0x80 != 0
    guard !kind.isControl || length <= 125 && isFinal else { throw .malformed("a control frame in parts") }
    guard var payload = rest.readBytes(length: length) else { return nil }
    for index in payload.indices { payload[index] ^= mask[index & 3] }
    buffer = rest
    return WebSocketFrame(kind: kind, payload: ByteBuffer(bytes: payload), isFinal: isFinal)
  }

  private static func length(_ short: Int, _ rest: inout ByteBuffer) throws(StreamProtocolError) -> Int? {
    let length: UInt64
    switch short {
    case 126:
      guard let value = rest.readInteger(as: UInt16.self) else { return nil }
      length = UInt64(value)
    case 127:
      guard let value = rest.readInteger(as: UInt64.self) else { return nil }
      length = value
    default: length = UInt64(short)
    }
    guard length <= maximumFrame else { throw .tooLarge("a frame of \(length) bytes") }
    return Int(length)
  }
}
