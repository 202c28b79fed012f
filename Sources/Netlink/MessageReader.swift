/// One message as received: the header's fields and everything after the header.
public struct NetlinkMessage: Equatable, Sendable {
  public let type: UInt16
  public let flags: UInt16
  public let sequence: UInt32
  public let payload: [UInt8]

  static let headerSize = 16

  /// Splits a datagram into messages; a damaged length ends the parse, nothing is read past the end.
  public static func parse(_ datagram: [UInt8]) -> [NetlinkMessage] {
    var messages: [NetlinkMessage] = []
    var offset = 0
    while offset + headerSize <= datagram.count {
      let length = Int(datagram.integer(at: offset, as: UInt32.self))
      guard length >= headerSize, offset + length <= datagram.count else { break }
      messages.append(
        NetlinkMessage(
          type: datagram.integer(at: offset + 4), flags: datagram.integer(at: offset + 6),
          sequence: datagram.integer(at: offset + 8),
          payload: Array(datagram[(offset + headerSize)..<(offset + length)])))
      offset += (length + 3) & ~3
    }
    return messages
  }

  /// The attributes after a fixed header of `size` bytes (padded to 4).
  public func attributes(after size: Int) -> [Attribute] { Attribute.parse(payload, from: (size + 3) & ~3) }
}

/// A netlink attribute: type without its flag bits, payload without padding.
public struct Attribute: Equatable, Sendable {
  public let type: UInt16
  public let payload: [UInt8]

  public static func parse(_ bytes: [UInt8], from start: Int = 0) -> [Attribute] {
    var attributes: [Attribute] = []
    var offset = start
    while offset + 4 <= bytes.count {
      let length = Int(bytes.integer(at: offset, as: UInt16.self))
      guard length >= 4, offset + length <= bytes.count else { break }
      attributes.append(
        Attribute(
          type: bytes.integer(at: offset + 2, as: UInt16.self) & 0x3fff, payload: Array(bytes[(offset + 4)..<(offset + length)])))
      offset += (length + 3) & ~3
    }
    return attributes
  }

  public var nested: [Attribute] { Attribute.parse(payload) }
  /// nil when the payload is too short.
  public func integer<Integer: FixedWidthInteger>(as type: Integer.Type = Integer.self) -> Integer? {
    payload.count >= Integer.bitWidth / 8 ? payload.integer(at: 0) : nil
  }
  /// Text up to the first zero.
  public var string: String { String(decoding: payload.prefix { $0 != 0 }, as: UTF8.self) }
}

extension [UInt8] {
  /// A little-endian integer; the caller checked that it is inside.
  func integer<Integer: FixedWidthInteger>(at offset: Int, as type: Integer.Type = Integer.self) -> Integer {
    var value: Integer = 0
    for index in 0..<(Integer.bitWidth / 8) { value |= Integer(truncatingIfNeeded: self[offset + index]) << (8 * index) }
    return value
  }
}

extension [Attribute] {
  func first(_ type: UInt16) -> Attribute? { first { $0.type == type } }
}
