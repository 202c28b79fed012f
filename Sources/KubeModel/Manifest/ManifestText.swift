/// Refuses texts that would cost the parser too much before it sees them: size, nesting (the parser recurses), and aliases in keys (the
/// parser hashes keys, which expands them).
enum ManifestText {
  static let maximumSize = 10 << 20
  static let maximumDepth = 200

  struct Fault: Error {
    let line: Int
    let column: Int
    let message: String
    func error(file: String) -> ManifestError { ManifestError(file: file, line: line, column: column, path: "", message: message) }
  }

  /// The text without a byte order mark.
  static func check(_ bytes: [UInt8]) -> Result<String, Fault> {
    if bytes.count > maximumSize { return fault(0, 0, "larger than 10 MiB") }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      return fault(1, 1, "UTF-16; save the file as UTF-8")
    }
    let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    guard let text = String(validating: body, as: UTF8.self) else { return fault(0, 0, "not UTF-8") }
    var scan = Scan()
    for byte in body {
      if let message = scan.feed(byte) { return fault(scan.line, scan.column, message) }
    }
    return .success(text)
  }

  private static func fault(_ line: Int, _ column: Int, _ message: String) -> Result<String, Fault> {
    .failure(Fault(line: line, column: column, message: message))
  }

  /// Counts what bounds the nesting, without understanding quotes: block structure needs columns, flow structure needs brackets.
  private struct Scan {
    var line = 1
    var column = 0
    private var leading = true
    private var flow = 0
    private var previous: UInt8 = 10
    /// The characters of an anchor (`&`) or alias (`*`) that is being read.
    private var name: [UInt8] = []
    private var sigil: UInt8 = 0
    private var anchors: Set<[UInt8]> = []
    private var afterAlias = false
    private var usesAlias = false

    mutating func feed(_ byte: UInt8) -> String? {
      defer { previous = byte }
      if byte == 10 {
        line += 1
        column = 0
        leading = true
      } else {
        column += 1
      }
      if sigil != 0 {
        if byte > 32 && !",[]{}".utf8.contains(byte) {
          name.append(byte)
        } else {
          if sigil == UInt8(ascii: "&") {
            anchors.insert(name)
          } else if anchors.contains(name) {
            (afterAlias, usesAlias) = (true, true)
          }
          sigil = 0
        }
      } else if byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*"), previous <= 32 || ",[{".utf8.contains(previous) {
        sigil = byte
        name = []
      }
      if byte == UInt8(ascii: ":"), afterAlias { return "a key must be plain text, not an alias" }
      if byte != 32, sigil == 0, byte > 32 { afterAlias = false }
      if byte == UInt8(ascii: ":"), usesAlias, previous == UInt8(ascii: "]") || previous == UInt8(ascii: "}") {
        return "a key must be plain text in a document with aliases"
      }
      if leading {
        if byte == UInt8(ascii: "?"), usesAlias { return "a key must be plain text in a document with aliases" }
        if byte > 32, byte != UInt8(ascii: "-"), byte != UInt8(ascii: "?") { leading = false }
        if leading, column > maximumDepth * 4 { return "nested too deeply" }
      }
      if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { flow += 1 }
      if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { flow = max(0, flow - 1) }
      return flow > maximumDepth * 4 ? "nested too deeply" : nil
    }
  }
}
