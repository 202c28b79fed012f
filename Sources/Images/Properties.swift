/// The form of small records on disk: a first line that names the kind and its version, then `key value` lines in order. A reader
/// ignores keys it does not know, and a writer that changes a record keeps them: older and newer agents can share a disk.
struct Properties: Equatable {
  private(set) var lines: [(key: String, value: String)] = []

  static func == (left: Properties, right: Properties) -> Bool { left.lines.elementsEqual(right.lines, by: ==) }

  init() {}

  /// nil when the text is no record of this kind.
  init?(_ text: String, kind: String) {
    var rest = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    // A record of a higher version is still read: what cannot be understood any more gets another kind.
    guard let header = rest.popFirst()?.split(separator: " "), header.count == 3, header[0] == "swiftlet", header[1] == kind,
      Int(header[2]) != nil, rest.popLast()?.isEmpty == true
    else { return nil }
    for line in rest {
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, let value = Self.unescaped(parts[1]) else { return nil }
      lines.append((String(parts[0]), value))
    }
  }

  func text(kind: String) -> String {
    lines.reduce(into: "swiftlet \(kind) 1\n") { $0 += "\($1.key) \(Self.escaped($1.value))\n" }
  }

  /// The first value.
  subscript(_ key: String) -> String? { lines.first { $0.key == key }?.value }

  func all(_ key: String) -> [String] { lines.filter { $0.key == key }.map(\.value) }

  func number(_ key: String) -> Int64? { self[key].flatMap { Int64($0) } }

  /// Replaces every value of a key.
  mutating func set(_ key: String, _ values: [String]) {
    lines.removeAll { $0.key == key }
    lines += values.map { (key, $0) }
  }

  mutating func set(_ key: String, _ value: some CustomStringConvertible) { set(key, [value.description]) }

  private static func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == 10 }) else { return value }
    return value.reduce(into: "") { $0 += $1 == "\\" ? "\\\\" : $1 == "\n" ? "\\n" : String($1) }
  }

  private static func unescaped(_ value: Substring) -> String? {
    guard value.utf8.contains(UInt8(ascii: "\\")) else { return String(value) }
    var result = ""
    var escape = false
    for character in value {
      switch (escape, character) {
      case (true, "n"): result += "\n"
      case (true, "\\"): result += "\\"
      case (true, _): return nil
      case (false, "\\"):
        escape = true
        continue
      case (false, _): result.append(character)
      }
      escape = false
    }
    return escape ? nil : result
  }
}
