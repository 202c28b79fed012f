import Netlink

/// The hardware address of a pod's interface, made of its IP address: locally administered, known before the link is made, and the same
/// when the address is given again, so that neighbours remember nothing wrong.
struct HardwareAddress: Equatable, Sendable, CustomStringConvertible {
  let bytes: [UInt8]

  init(for address: IPAddress) { bytes = [0x0a, 0x58] + address.bytes.suffix(4) }

  /// nil when the text is not six bytes in hexadecimal with colons.
  init?(_ text: String) {
    let bytes = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt8($0, radix: 16) }
    guard bytes.count == 6, !bytes.contains(nil) else { return nil }
    self.bytes = bytes.compactMap { $0 }
  }

  /// fe80:: with the address in it. Source: RFC 4291, appendix A.
  var linkLocal: IPAddress {
    IPAddress(
      bytes: [0xfe, 0x80, 0, 0, 0, 0, 0, 0, bytes[0] ^ 2, bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]])
  }

  var description: String {
    bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined(separator: ":")
  }
}
