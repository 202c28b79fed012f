@testable import Netlink

/// Bytes written as annotated hex: everything after `#` on a line is a comment.
func hex(_ text: String) -> [UInt8] {
  let digits = text.split(separator: "\n").flatMap { line in line.prefix { $0 != "#" }.filter { !$0.isWhitespace } }
  return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0..<min($0 + 2, digits.count)]), radix: 16) }
}

/// 16 bytes a line, so that a failed comparison can be read.
func lines(_ bytes: [UInt8]) -> [String] {
  stride(from: 0, to: bytes.count, by: 16).map { start in
    bytes[start..<min(start + 16, bytes.count)].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}

extension NetlinkRequest {
  /// As sent with sequence number 1 and no further flags.
  var sent: [String] { lines(bytes(sequence: 1, extraFlags: 0)) }
}
