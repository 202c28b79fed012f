import NIOCore

/// Finds the frames in what comes. Nothing of a data frame is kept; of other frames at most one, of bounded size.
struct SPDYFrameParser {
  /// Largest control frame taken, bytes.
  static let maximumControlFrame = 16384
  /// Most that the headers of a frame may be, bytes.
  static let maximumHeaders = 16384

  private static let smallPart = 4096

  private var buffer = ByteBuffer()
  private var data: (stream: UInt32, left: Int, ends: Bool)?
  private let inflater = Inflater()

  mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.discardReadBytes()
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// The next frame; nil: more is needed.
  mutating func next() throws(StreamProtocolError) -> SPDYFrame? {
    if let frame = nextPart() { return frame }
    guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self),
      let second = buffer.getInteger(at: buffer.readerIndex + 4, as: UInt32.self)
    else { return nil }
    let (flags, length) = (UInt8(second >> 24), Int(second & 0xFF_FFFF))
    if first & 0x8000_0000 == 0 {
      buffer.moveReaderIndex(forwardBy: 8)
      data = (first, length, flags & SPDYKind.final != 0)
      return nextPart()
    }
    guard first >> 16 & 0x7FFF == 3 else { throw .malformed("SPDY version \(first >> 16 & 0x7FFF), not 3") }
    guard length <= Self.maximumControlFrame else { throw .tooLarge("a control frame of \(length) bytes") }
    guard buffer.readableBytes >= 8 + length else { return nil }
    buffer.moveReaderIndex(forwardBy: 8)
    var payload = buffer.readSlice(length: length) ?? ByteBuffer()
    return try control(UInt16(first & 0xFFFF), flags, &payload)
  }

  private mutating func nextPart() -> SPDYFrame? {
    guard let (stream, left, ends) = data else { return nil }
    let count = min(left, buffer.readableBytes)
    if count == 0, left > 0 { return nil }
    // A small part would keep all that came with it for as long as it waits.
    let slice = buffer.readSlice(length: count) ?? ByteBuffer()
    let part = count < Self.smallPart ? ByteBuffer(bytes: slice.readableBytesView) : slice
    data = count < left ? (stream, left - count, ends) : nil
    return .data(stream, part, ends: ends && data == nil)
  }

  private mutating func control(
    _ kind: UInt16, _ flags: UInt8, _ payload: inout ByteBuffer
  ) throws(StreamProtocolError) -> SPDYFrame {
    switch kind {
    case SPDYKind.openStream:
      let stream = try number(&payload)
      // The stream it belongs to, its priority and slot mean nothing here.
      guard payload.readSlice(length: 6) != nil else { throw .malformed("a frame is cut off") }
      return .openStream(stream, try headers(payload), ends: flags & SPDYKind.final != 0)
    case SPDYKind.reply: return .reply(try number(&payload), try headers(payload), ends: flags & SPDYKind.final != 0)
    case SPDYKind.headers:
      // They are part of the compression, whatever they say.
      _ = (try number(&payload), try headers(payload))
      return .ignored
    case SPDYKind.reset: return .reset(try number(&payload), SPDYStatus(rawValue: try number(&payload)))
    case SPDYKind.ping: return .ping(try number(&payload))
    case SPDYKind.goAway: return .goAway
    default: return .ignored
    }
  }

  private func number(_ payload: inout ByteBuffer) throws(StreamProtocolError) -> UInt32 {
    guard let value = payload.readInteger(as: UInt32.self) else { throw .malformed("a frame is cut off") }
    return value & 0x7FFF_FFFF
  }

  private mutating func headers(_ payload: ByteBuffer) throws(StreamProtocolError) -> SPDYHeaders {
    try SPDYHeaders(decoding: try inflater.inflate(Array(payload.readableBytesView), limit: Self.maximumHeaders))
  }
}
