import NIOCore

/// A frame of RFC 6455, unmasked.
struct WebSocketFrame: Equatable {
  enum Kind: UInt8 {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    var isControl: Bool { rawValue >= 8 }
  }

  /// Why a connection ends. Source: RFC 6455, section 7.4.1.
  enum Ending: UInt16 {
    case normal = 1000
    case protocolError = 1002
    case tooLarge = 1009
  }

  var kind: Kind
  var payload: ByteBuffer
  /// The message ends with it.
  var isFinal = true

  static func close(_ ending: Ending) -> WebSocketFrame {
    var payload = ByteBuffer()
    payload.writeInteger(ending.rawValue)
    return WebSocketFrame(kind: .close, payload: payload)
  }

  // MARK: Wire form

  /// The head; the payload follows.
  static func head(_ kind: Kind, count: Int) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeInteger(0x80 | kind.rawValue)
    switch count {
    case ..<126: buffer.writeInteger(UInt8(count))
    case ..<65536:
      buffer.writeInteger(UInt8(126))
      buffer.writeInteger(UInt16(count))
    default:
      buffer.writeInteger(UInt8(127))
      buffer.writeInteger(UInt64(count))
    }
    return buffer
  }
}
