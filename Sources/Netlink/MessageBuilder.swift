/// Writes the body of a netlink message: fixed headers, then attributes padded to 4 bytes. Integers are little endian, the byte order of
/// every machine this package supports, except where the name says big endian. Source: netlink(7), include/uapi/linux/netlink.h.
public struct MessageBuilder: Sendable {
  /// NLA_F_NESTED: nf_tables requires it, rtnetlink ignores it.
  private static let nestedFlag: UInt16 = 0x8000
  public private(set) var bytes: [UInt8] = []

  public init() { bytes.reserveCapacity(256) }

  public mutating func append<Integer: FixedWidthInteger>(_ value: Integer) {
    var rest = value
    for _ in 0..<(Integer.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      if Integer.bitWidth > 8 { rest >>= 8 }
    }
  }

  public mutating func append(_ raw: [UInt8]) { bytes.append(contentsOf: raw) }

  public mutating func attribute(_ type: UInt16, bytes payload: [UInt8]) {
    append(UInt16(payload.count + 4))
    append(type)
    append(payload)
    pad()
  }

  public mutating func attribute<Integer: FixedWidthInteger>(_ type: UInt16, _ value: Integer) {
    append(UInt16(Integer.bitWidth / 8 + 4))
    append(type)
    append(value)
    pad()
  }

  public mutating func attribute(_ type: UInt16, bigEndian value: UInt32) { attribute(type, value.byteSwapped) }

  /// A string with its terminating zero.
  public mutating func attribute(_ type: UInt16, string: String) { attribute(type, bytes: Array(string.utf8) + [0]) }

  /// An attribute made of what `body` writes.
  public mutating func nested(_ type: UInt16, flagged: Bool = false, _ body: (inout MessageBuilder) -> Void) {
    let start = bytes.count
    append(UInt16(0))
    append(flagged ? type | Self.nestedFlag : type)
    body(&self)
    let length = UInt16(bytes.count - start)
    bytes[start] = UInt8(truncatingIfNeeded: length)
    bytes[start + 1] = UInt8(length >> 8)
    pad()
  }

  private mutating func pad() {
    while bytes.count % 4 != 0 { bytes.append(0) }
  }
}
