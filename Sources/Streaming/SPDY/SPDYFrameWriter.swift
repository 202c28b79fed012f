import NIOCore

/// Makes frames; keeps the state of the header compression of its direction.
struct SPDYFrameWriter {
  /// What one data frame may hold: its length has 24 bits.
  static let maximumData = 0xFF_FFFF

  private var deflater = StoredDeflater()

  mutating func openStream(_ stream: UInt32, _ headers: SPDYHeaders, ends: Bool = false) -> ByteBuffer {
    // Belongs to no stream, priority and slot 0.
    control(SPDYKind.openStream, stream, [0, 0, 0, 0, 0, 0] + deflater.deflate(headers.encoded), ends ? SPDYKind.final : 0)
  }

  mutating func reply(_ stream: UInt32, _ headers: SPDYHeaders = SPDYHeaders()) -> ByteBuffer {
    control(SPDYKind.reply, stream, deflater.deflate(headers.encoded), 0)
  }

  func reset(_ stream: UInt32, _ status: SPDYStatus) -> ByteBuffer {
    control(SPDYKind.reset, stream, [0, 0, 0, UInt8(truncatingIfNeeded: status.rawValue)], 0)
  }

  func ping(_ number: UInt32) -> ByteBuffer { control(SPDYKind.ping, number, [], 0) }

  /// No more streams are taken.
  func goAway(last: UInt32) -> ByteBuffer { control(SPDYKind.goAway, last, [0, 0, 0, 0], 0) }

  /// The head of a data frame; its bytes follow.
  func data(_ stream: UInt32, count: Int, ends: Bool = false) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeInteger(stream)
    buffer.writeInteger(UInt32(ends ? 1 : 0) << 24 | UInt32(count))
    return buffer
  }

  private func control(_ kind: UInt16, _ first: UInt32, _ rest: [UInt8], _ flags: UInt8) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeInteger(UInt16(0x8003))
    buffer.writeInteger(kind)
    buffer.writeInteger(UInt32(flags) << 24 | UInt32(4 + rest.count))
    buffer.writeInteger(first)
    buffer.writeBytes(rest)
    return buffer
  }
}
