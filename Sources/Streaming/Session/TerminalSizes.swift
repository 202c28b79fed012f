/// Finds the sizes in what comes on the resize stream: JSON objects one behind the other, `{"Width":80,"Height":24}`.
struct TerminalSizes {
  /// Longest object looked at, bytes.
  private static let limit = 256

  private var text: [UInt8] = []

  /// The last size that is complete with these bytes; nil: none, or none that a terminal can have.
  mutating func add(_ bytes: some Sequence<UInt8>) -> (columns: UInt16, rows: UInt16)? {
    var size: (columns: UInt16, rows: UInt16)?
    for byte in bytes {
      if byte == UInt8(ascii: "{") { text = [] }
      if text.count < Self.limit { text.append(byte) }
      guard byte == UInt8(ascii: "}") else { continue }
      let object = String(decoding: text, as: UTF8.self)
      text = []
      if let columns = Self.number("\"Width\"", object), let rows = Self.number("\"Height\"", object), columns > 0, rows > 0 {
        size = (columns, rows)
      }
    }
    return size
  }

  private static func number(_ key: String, _ object: String) -> UInt16? {
    guard let found = object.firstRange(of: key) else { return nil }
    let rest = object[found.upperBound...].drop { $0 == ":" || $0 == " " }
    return UInt16(rest.prefix { $0.isASCII && $0.isNumber })
  }
}
