/// A value as block YAML: sorted keys, two spaces a level. A string that a reader could take for something else is quoted as in JSON,
/// which YAML 1.2 includes.
enum YAMLText {
  static func of(_ value: JSONTree) -> String {
    var text = ""
    write(value, indent: 0, after: .start, to: &text)
    return text
  }

  /// What stands before a value on its line.
  private enum Position { case start, key, dash }

  private static func write(_ value: JSONTree, indent: Int, after position: Position, to text: inout String) {
    switch value {
    case .object(let members) where !members.isEmpty:
      if position == .key { text += "\n" }
      for (index, (key, member)) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 || position != .dash { text += String(repeating: " ", count: indent) }
        text += scalar(key) + ":"
        write(member, indent: indent + 2, after: .key, to: &text)
      }
    case .array(let items) where !items.isEmpty:
      if position == .key { text += "\n" }
      // A list stands at its key's own level, as kubectl writes it.
      let level = position == .key ? indent - 2 : indent
      for (index, item) in items.enumerated() {
        if index > 0 || position != .dash { text += String(repeating: " ", count: level) }
        text += "- "
        write(item, indent: level + 2, after: .dash, to: &text)
      }
    default: text += (position == .key ? " " : "") + leaf(value) + "\n"
    }
  }

  private static func leaf(_ value: JSONTree) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): scalar(value)
    case .array: "[]"
    case .object: "{}"
    }
  }

  private static func scalar(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

  /// Words and paths that mean themselves in every reader: they begin with a letter, `/`, `_` or `.`, hold nothing that ends a scalar, and
  /// are no word of YAML 1.1.
  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.allSatisfy({ safe.contains($0) }) else { return false }
    let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20)
    return (isLetter || first == UInt8(ascii: "/")) && !words.contains(text.lowercased()) && text.utf8.last != UInt8(ascii: ":")
  }

  private static let safe = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./@+=:".utf8)
  private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default:
        // Control characters, and what YAML takes for a line's end or does not allow.
        if scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
          || [0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff].contains(scalar.value)
        {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
