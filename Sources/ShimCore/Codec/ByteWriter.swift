/// Appends little-endian integers, strings and lists to a byte array.
struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func integer<T: FixedWidthInteger>(_ value: T) {
    var rest = value
    for _ in 0..<(T.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest = rest >> 8
    }
  }

  mutating func bool(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// u32 length and the bytes.
  mutating func blob(_ value: [UInt8]) {
    integer(UInt32(value.count))
    bytes.append(contentsOf: value)
  }

  /// u32 length and UTF-8.
  mutating func string(_ value: String) {
    integer(UInt32(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  mutating func strings(_ values: [String]) {
    integer(UInt32(values.count))
    for value in values { string(value) }
  }

  /// Overwrites the u32 at `offset`, for lengths known only afterwards.
  mutating func patch(_ value: UInt32, at offset: Int) {
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8)) }
  }
}
