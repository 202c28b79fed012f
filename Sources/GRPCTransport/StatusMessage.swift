/// `grpc-message` is UTF-8 percent-encoded outside printable ASCII. Source: grpc/doc/PROTOCOL-HTTP2.md, "Percent-Encoded".
enum StatusMessage {
  /// gRPC's C library drops calls whose trailers have more than 8 to 16 KiB, and with them the code.
  static let maximumBytes = 6 << 10

  /// Of a message that is too long, the beginning.
  static func encode(_ message: String) -> String {
    let encoded = escaped(message.utf8)
    if encoded.utf8.count <= maximumBytes { return encoded }
    var kept = Substring(message.prefix(maximumBytes))
    while escaped(kept.utf8).utf8.count > maximumBytes - 3 { kept = kept.dropLast(kept.count / 8 + 1) }
    return escaped(kept.utf8) + "..."
  }

  private static func escaped(_ message: some Collection<UInt8>) -> String {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(message.count)
    for byte in message {
      if byte >= 0x20, byte <= 0x7E, byte != UInt8(ascii: "%") {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded.append(hexadecimal(byte >> 4))
        encoded.append(hexadecimal(byte & 0xF))
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// Never fails: what is not a valid escape is kept as it is, as the protocol demands.
  static func decode(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = value(bytes[index + 1]),
        let low = value(bytes[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func hexadecimal(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
