internal import FoundationEssentials

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
      if let found = try? JSONDecoder().decode(Size.self, from: Data(text)), found.Width > 0, found.Height > 0 {
        size = (found.Width, found.Height)
      }
      text = []
    }
    return size
  }

  private struct Size: Decodable {
    let Width: UInt16
    let Height: UInt16
  }
}
