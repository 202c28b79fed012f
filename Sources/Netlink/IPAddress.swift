import Glibc

/// An IPv4 or IPv6 address as bytes in network order.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]
  public var isV6: Bool { bytes.count == 16 }
  /// AF_INET or AF_INET6.
  public var family: UInt8 { isV6 ? 10 : 2 }

  /// 4 or 16 bytes.
  public init(bytes: [UInt8]) {
    precondition(bytes.count == 4 || bytes.count == 16)
    self.bytes = bytes
  }

  /// nil when the text is no address. Source: inet_pton(3).
  public init?(_ text: String) {
    var four = in_addr()
    if unsafe inet_pton(AF_INET, text, &four) == 1 {
      bytes = unsafe withUnsafeBytes(of: &four) { unsafe Array($0) }
      return
    }
    var sixteen = in6_addr()
    guard unsafe inet_pton(AF_INET6, text, &sixteen) == 1 else { return nil }
    bytes = unsafe withUnsafeBytes(of: &sixteen) { unsafe Array($0) }
  }

  public var description: String {
    var buffer = [CChar](repeating: 0, count: 64)
    _ = unsafe bytes.withUnsafeBytes { unsafe inet_ntop(CInt(family), $0.baseAddress, &buffer, 64) }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The address `offset` after this one; nil past the end of the family.
  public func advanced(by offset: UInt64) -> IPAddress? {
    var result = bytes
    var carry = offset
    for index in result.indices.reversed() where carry > 0 {
      let sum = UInt64(result[index]) + (carry & 0xff)
      result[index] = UInt8(sum & 0xff)
      carry = (carry >> 8) + (sum >> 8)
    }
    return carry > 0 ? nil : IPAddress(bytes: result)
  }
}

/// A network: address and prefix length.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
  /// With the host bits zero.
  public let address: IPAddress
  public let prefix: Int

  /// `10.88.0.0/24`; host bits are cleared. nil when it is no network.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPAddress(String(parts[0])), let prefix = Int(parts[1]), prefix >= 0,
      prefix <= address.bytes.count * 8
    else { return nil }
    var bytes = address.bytes
    for bit in prefix..<(bytes.count * 8) { bytes[bit / 8] &= ~(0x80 >> UInt8(bit % 8)) }
    self.address = IPAddress(bytes: bytes)
    self.prefix = prefix
  }

  /// How many addresses it has, at most 2^32.
  public var count: UInt64 { 1 << UInt64(min(32, address.bytes.count * 8 - prefix)) }

  public func contains(_ other: IPAddress) -> Bool {
    guard other.isV6 == address.isV6 else { return false }
    return (0..<prefix).allSatisfy { bit in
      (other.bytes[bit / 8] ^ address.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
    }
  }

  public var description: String { "\(address)/\(prefix)" }
}
