/// Why bytes are not what they claim to be.
public enum CodecError: Error, Equatable, Sendable {
  /// They end before the value does.
  case truncated
  /// A length or count larger than what follows, an unknown tag, or text with a NUL byte (no path or argument can hold one).
  case malformed
  /// An operation or message this version does not know; skipping it could skip a protection.
  case unknownKind(UInt8)
}

/// Reads what `ByteWriter` wrote. Every read is checked: hostile bytes throw, they never trap.
struct ByteReader {
  private let bytes: [UInt8]
  private(set) var offset: Int
  /// End of the readable part.
  private let end: Int

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    offset = 0
    end = bytes.count
  }

  private init(_ bytes: [UInt8], offset: Int, end: Int) {
    self.bytes = bytes
    self.offset = offset
    self.end = end
  }

  var remaining: Int { end - offset }

  mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(CodecError) -> T {
    let width = T.bitWidth / 8
    guard remaining >= width else { throw .truncated }
    var value: T = 0
    for index in 0..<width { value |= T(truncatingIfNeeded: bytes[offset + index]) << T(truncatingIfNeeded: index * 8) }
    offset += width
    return value
  }

  mutating func bool() throws(CodecError) -> Bool {
    let value: UInt8 = try integer()
    guard value < 2 else { throw .malformed }
    return value == 1
  }

  private mutating func length() throws(CodecError) -> Int {
    let value: UInt32 = try integer()
    guard Int(value) <= remaining else { throw .truncated }
    return Int(value)
  }

  mutating func blob() throws(CodecError) -> [UInt8] {
    let count = try length()
    defer { offset += count }
    return [UInt8](bytes[offset..<(offset + count)])
  }

  mutating func string() throws(CodecError) -> String {
    let count = try length()
    defer { offset += count }
    let slice = bytes[offset..<(offset + count)]
    for byte in slice where byte == 0 { throw .malformed }
    return String(decoding: slice, as: UTF8.self)
  }

  /// A u32 count that the remaining bytes can hold at `minimum` bytes each.
  mutating func count(minimum: Int) throws(CodecError) -> Int {
    let value: UInt32 = try integer()
    guard Int(value) <= remaining / minimum else { throw .truncated }
    return Int(value)
  }

  mutating func strings() throws(CodecError) -> [String] {
    let number = try count(minimum: 4)
    var result: [String] = []
    result.reserveCapacity(number)
    for _ in 0..<number { result.append(try string()) }
    return result
  }

  /// A reader of the next u32-prefixed part; this one goes on behind it.
  mutating func part() throws(CodecError) -> ByteReader {
    let count = try length()
    defer { offset += count }
    return ByteReader(bytes, offset: offset, end: offset + count)
  }
}
