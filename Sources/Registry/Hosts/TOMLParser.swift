/// Reads the part of TOML that hosts.toml is written in: tables, dotted and quoted keys, strings, integers, booleans, arrays, inline tables.
/// Numbers with points, dates, strings over several lines and arrays of tables are refused. Source: toml.io/en/v1.0.0.
struct TOMLParser {
  struct Failure: Error, CustomStringConvertible {
    let line: Int
    let what: String
    var description: String { "line \(line): \(what)" }
  }

  private let text: [UInt8]
  private var position = 0
  private var line = 1
  private static let maximumDepth = 16

  private init(_ text: [UInt8]) { self.text = text }

  static func parse(_ text: [UInt8]) throws(Failure) -> TOMLValue.Table {
    var parser = TOMLParser(text)
    return try parser.document()
  }

  private mutating func document() throws(Failure) -> TOMLValue.Table {
    var root = TOMLValue.Table()
    var prefix: [String] = []
    var headers: Set<[String]> = []
    while true {
      skip(newlines: true)
      guard let byte = peek else { return root }
      if byte == UInt8(ascii: "[") {
        position += 1
        if peek == UInt8(ascii: "[") { throw failure("arrays of tables have no place here") }
        prefix = try key()
        try expect("]")
        guard headers.insert(prefix).inserted, root.insert(.table(.init()), at: prefix[...]) else {
          throw failure("[\(prefix.joined(separator: "."))] is there twice")
        }
      } else {
        let name = try key()
        try expect("=")
        let value = try value(depth: 0)
        guard root.insert(value, at: (prefix + name)[...]) else { throw failure("\(name.joined(separator: ".")) is there twice") }
      }
      skip(newlines: false)
      if let byte = peek, byte != UInt8(ascii: "\n") { throw failure("more than one thing in a line") }
    }
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(Failure) -> TOMLValue {
    guard depth < Self.maximumDepth else { throw failure("nested too deep") }
    skip(newlines: false)
    switch peek {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
    case UInt8(ascii: "["):
      position += 1
      var elements: [TOMLValue] = []
      while true {
        skip(newlines: true)
        if peek == UInt8(ascii: "]") { break }
        elements.append(try value(depth: depth + 1))
        skip(newlines: true)
        guard peek == UInt8(ascii: ",") else { break }
        position += 1
      }
      try expect("]")
      return .array(elements)
    case UInt8(ascii: "{"):
      position += 1
      var table = TOMLValue.Table()
      skip(newlines: false)
      while peek != UInt8(ascii: "}") {
        let name = try key()
        try expect("=")
        guard table.insert(try value(depth: depth + 1), at: name[...]) else {
          throw failure("\(name.joined(separator: ".")) is there twice")
        }
        skip(newlines: false)
        guard peek == UInt8(ascii: ",") else { break }
        position += 1
      }
      try expect("}")
      return .table(table)
    default: return try word()
    }
  }

  private mutating func word() throws(Failure) -> TOMLValue {
    let start = position
    while let byte = peek, !" \t\r\n,]}#".utf8.contains(byte) { position += 1 }
    let word = String(decoding: text[start..<position], as: UTF8.self)
    switch word {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    default:
      if let number = Int64(word.filter { $0 != "_" }) { return .integer(number) }
      throw failure(word.isEmpty ? "a value is missing" : "'\(printable(word, limit: 40))' is no string, number, true or false")
    }
  }

  private mutating func string() throws(Failure) -> String {
    guard let quote = peek else { throw failure("a string is missing") }
    position += 1
    if peek == quote, position + 1 < text.count, text[position + 1] == quote {
      throw failure("strings over several lines have no place here")
    }
    var bytes: [UInt8] = []
    while let byte = peek, byte != quote {
      if byte == UInt8(ascii: "\n") { throw failure("a string does not end") }
      position += 1
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") { bytes += try escape() } else { bytes.append(byte) }
    }
    guard peek == quote else { throw failure("a string does not end") }
    position += 1
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func escape() throws(Failure) -> [UInt8] {
    guard let byte = peek else { throw failure("a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [byte]
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      let length = byte == UInt8(ascii: "u") ? 4 : 8
      let digits = String(decoding: text[position..<min(text.count, position + length)], as: UTF8.self)
      guard digits.utf8.count == length, let number = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(number) else {
        throw failure("\\\(Character(Unicode.Scalar(byte))) is not followed by a character's number")
      }
      position += length
      return Array(String(Character(scalar)).utf8)
    default: throw failure("\\\(Character(Unicode.Scalar(byte))) means nothing in a string")
    }
  }

  // MARK: Keys

  private mutating func key() throws(Failure) -> [String] {
    var parts: [String] = []
    while true {
      skip(newlines: false)
      if peek == UInt8(ascii: "\"") || peek == UInt8(ascii: "'") {
        parts.append(try string())
      } else {
        let start = position
        while let byte = peek, Self.isBare(byte) { position += 1 }
        guard position > start else { throw failure("a key is missing") }
        parts.append(String(decoding: text[start..<position], as: UTF8.self))
      }
      skip(newlines: false)
      guard peek == UInt8(ascii: ".") else { break }
      position += 1
      guard parts.count < Self.maximumDepth else { throw failure("nested too deep") }
    }
    return parts
  }

  private static func isBare(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
  }

  // MARK: Characters

  private var peek: UInt8? { position < text.count ? text[position] : nil }

  private mutating func expect(_ character: Character) throws(Failure) {
    skip(newlines: false)
    guard let byte = peek, byte == character.asciiValue else { throw failure("'\(character)' is missing") }
    position += 1
  }

  /// Blanks and comments.
  private mutating func skip(newlines: Bool) {
    while let byte = peek {
      switch byte {
      case 32, 9, 13: position += 1
      case UInt8(ascii: "#"): while let byte = peek, byte != 10 { position += 1 }
      case 10 where newlines:
        position += 1
        line += 1
      default: return
      }
    }
  }

  private func failure(_ what: String) -> Failure { Failure(line: line, what: what) }
}
