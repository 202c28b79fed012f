import FoundationEssentials
import RuntimeAPI
import YAML

/// A YAML document as JSON, so that one decoder reads both. Plain scalars mean what YAML's core schema says. Source: YAML 1.2, 10.3.
struct JSONText {
  private(set) var text = ""
  /// An alias stands for a copy: ten lines can be a billion values.
  private var left = 100_000

  /// - Parameter depth: of the node. A chain of aliases is deeper than the text it is written in.
  mutating func append(_ node: YAMLNode, depth: Int = 0) throws(RuntimeError) {
    left -= 1
    guard depth < 200 else { throw RuntimeError(.invalidArgument, "it is nested too deeply") }
    guard left > 0 else { throw RuntimeError(.invalidArgument, "it has too many values") }
    switch node {
    case .scalar(let scalar):
      text += scalar.style == .quoted || scalar.tag != nil ? Self.quoted(scalar.string) : Self.plain(scalar.string)
    case .sequence(let sequence):
      text += "["
      for (index, item) in sequence.items.enumerated() {
        if index > 0 { text += "," }
        try append(item, depth: depth + 1)
      }
      text += "]"
    case .mapping(let mapping):
      text += "{"
      for (index, entry) in mapping.entries.enumerated() {
        guard let key = entry.key.scalar?.string else {
          throw RuntimeError(.invalidArgument, "line \(entry.key.mark.line): no key")
        }
        text += (index > 0 ? "," : "") + Self.quoted(key) + ":"
        try append(entry.value, depth: depth + 1)
      }
      text += "}"
    }
  }

  private static func plain(_ text: String) -> String {
    switch text {
    case "", "~", "null", "Null", "NULL": return "null"
    case "true", "True", "TRUE": return "true"
    case "false", "False", "FALSE": return "false"
    default: break
    }
    // As Go's readers, and so the files of vendors, have it: 0644 is octal.
    if text.hasPrefix("0"), text.utf8.count > 1, let number = Int64(text, radix: 8) { return "\(number)" }
    if let number = Int64(text) { return "\(number)" }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] where text.hasPrefix(prefix) {
      if let number = Int64(text.dropFirst(2), radix: radix) { return "\(number)" }
    }
    return quoted(text)
  }

  private static func quoted(_ text: String) -> String {
    (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}
