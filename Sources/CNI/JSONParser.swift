/// Reads JSON text (RFC 8259) and says where it is wrong: FoundationEssentials' decoder says only that it is.
struct JSONParser {
  struct Failure: Error, Equatable, CustomStringConvertible {
    let line: Int
    /// In bytes, from 1.
    let column: Int
    let problem: String
    var description: String { "line \(line), column \(column): \(problem)" }
  }

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  /// The text may come from a plugin: the stack is bounded.
  private static let deepest = 128

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func parse(_ bytes: [UInt8]) throws(Failure) -> JSON {
    var parser = JSONParser(bytes)
    // A byte order mark, as editors write it.
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { parser.position = 3 }
    let value = try parser.value()
    parser.skipSpace()
    guard parser.position == bytes.count else { throw parser.failure("something follows the value") }
    return value
  }

  private func failure(_ problem: String) -> Failure {
    let before = bytes[..<min(position, bytes.count)]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return Failure(line: line, column: before.count - start + 1, problem: problem)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
  }

  private mutating func expect(_ character: Character, _ place: String) throws(Failure) {
    skipSpace()
    guard let next else { throw failure("the text ends where '\(character)' \(place) is expected") }
    guard next == character.asciiValue else { throw failure("'\(character)' \(place) is expected, not \(Self.shown(next))") }
    position += 1
  }

  private static func shown(_ byte: UInt8) -> String {
    (0x21..<0x7f).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x" + String(byte, radix: 16)
  }

  private mutating func value() throws(Failure) -> JSON {
    skipSpace()
    guard let first = next else { throw failure("the text ends where a value is expected") }
    switch first {
    case UInt8(ascii: "{"): return try nested { (parser) throws(Failure) in .object(try parser.fields()) }
    case UInt8(ascii: "["): return try nested { (parser) throws(Failure) in .array(try parser.elements()) }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw failure("a value is expected, not \(Self.shown(first))")
    }
  }

  private mutating func nested(_ body: (inout JSONParser) throws(Failure) -> JSON) throws(Failure) -> JSON {
    guard depth < Self.deepest else { throw failure("deeper than \(Self.deepest) levels") }
    depth += 1
    position += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func fields() throws(Failure) -> [JSON.Field] {
    var fields: [JSON.Field] = []
    skipSpace()
    if next == UInt8(ascii: "}") {
      position += 1
      return fields
    }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else {
        throw failure(
          next.map { "a field's name in quotes is expected, not \(Self.shown($0))" } ?? "the text ends within an object")
      }
      let name = try string()
      try expect(":", "after \"\(name)\"")
      fields.append(JSON.Field(name: name, value: try value()))
      skipSpace()
      guard next == UInt8(ascii: ",") else { break }
      position += 1
    }
    try expect("}", "or ','")
    return fields
  }

  private mutating func elements() throws(Failure) -> [JSON] {
    var elements: [JSON] = []
    skipSpace()
    if next == UInt8(ascii: "]") {
      position += 1
      return elements
    }
    while true {
      elements.append(try value())
      skipSpace()
      guard next == UInt8(ascii: ",") else { break }
      position += 1
    }
    try expect("]", "or ','")
    return elements
  }

  private mutating func word(_ word: String, _ value: JSON) throws(Failure) -> JSON {
    guard bytes[position...].starts(with: word.utf8) else { throw failure("'\(word)' is expected") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws(Failure) -> JSON {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    let leadsWithZero = next == UInt8(ascii: "0")
    let whole = try digits()
    if leadsWithZero, whole > 1 { throw failure("a number does not begin with 0") }
    if next == UInt8(ascii: ".") {
      position += 1
      _ = try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      _ = try digits()
    }
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func digits() throws(Failure) -> Int {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    guard position > start else { throw failure("a digit is expected") }
    return position - start
  }

  private mutating func string() throws(Failure) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += try escape()
      case 0..<0x20: throw failure("a string does not go over a line's end or hold \(Self.shown(byte))")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw failure("the text ends within a string")
  }

  private mutating func escape() throws(Failure) -> [UInt8] {
    position += 1
    guard let kind = next else { throw failure("the text ends within a string") }
    position += 1
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [kind]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "u"):
      var units = [try unit()]
      if UTF16.isLeadSurrogate(units[0]), bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
        position += 2
        units.append(try unit())
      }
      return Array(String(decoding: units, as: UTF16.self).utf8)
    default:
      position -= 1
      throw failure("\\\(Character(UnicodeScalar(kind))) is no escape of JSON")
    }
  }

  private mutating func unit() throws(Failure) -> UInt16 {
    guard position + 4 <= bytes.count,
      let value = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw failure("four hexadecimal digits are expected after \\u") }
    position += 4
    return value
  }
}
