/// The format of everything the runtime keeps: a fixed header, then tagged fields.
///
/// ```
/// "SWLT" | kind u8 | version u8 | 0 u16 | checksum u32 (FNV-1a of what follows) | { tag u16 | length u32 | bytes }...
/// ```
///
/// Little endian. A tag is never reused for something else, so that a record of any version can be read by any other: a reader skips tags
/// it does not know, and what is missing has a default. `version` is raised only by a change that older readers must not try to read.
enum RecordFormat {
  static let magic: [UInt8] = Array("SWLT".utf8)
  static let version: UInt8 = 1
  static let headerSize = 12

  /// Not against an attacker: against a torn or damaged file.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
  }
}

/// What a record is about. The number is on disk.
enum RecordKind: UInt8, Sendable {
  case sandbox = 1
  case sandboxState = 2
  case container = 3
  case containerState = 4
  case sandboxResources = 5
}

/// Why a record cannot be read.
struct RecordError: Error, Equatable, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

struct RecordWriter {
  private var body: [UInt8] = []

  mutating func bytes(_ tag: UInt16, _ value: [UInt8]) {
    append(tag)
    append(UInt32(value.count))
    body += value
  }
  /// An empty text is left out.
  mutating func text(_ tag: UInt16, _ value: String) { if !value.isEmpty { bytes(tag, Array(value.utf8)) } }
  mutating func texts(_ tag: UInt16, _ values: [String]) { for value in values { bytes(tag, Array(value.utf8)) } }
  /// 0 is left out.
  mutating func number(_ tag: UInt16, _ value: Int64) {
    if value != 0 { bytes(tag, (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }) }
  }
  mutating func flag(_ tag: UInt16, _ value: Bool) { number(tag, value ? 1 : 0) }

  private mutating func append(_ value: some FixedWidthInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) { body.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  func finish(_ kind: RecordKind) -> [UInt8] {
    let sum = RecordFormat.checksum(body[...])
    return RecordFormat.magic + [kind.rawValue, RecordFormat.version, 0, 0]
      + (0..<4).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) } + body
  }
}

struct RecordReader {
  private var fields: [UInt16: [[UInt8]]] = [:]

  init(_ record: [UInt8], _ kind: RecordKind) throws(RecordError) {
    guard record.count >= RecordFormat.headerSize, Array(record[..<4]) == RecordFormat.magic else {
      throw RecordError("not a record of this program")
    }
    guard record[4] == kind.rawValue else { throw RecordError("a record of kind \(record[4]), not \(kind.rawValue)") }
    guard record[5] == RecordFormat.version else {
      throw RecordError("written in format \(record[5]), this version reads \(RecordFormat.version)")
    }
    var rest = record[RecordFormat.headerSize...]
    guard Self.integer(record[8..<12]) == UInt64(RecordFormat.checksum(rest)) else { throw RecordError("damaged: wrong checksum") }
    while !rest.isEmpty {
      guard rest.count >= 6 else { throw RecordError("damaged: ends within a field") }
      let tag = UInt16(Self.integer(rest.prefix(2)))
      let length = Int(Self.integer(rest.dropFirst(2).prefix(4)))
      rest = rest.dropFirst(6)
      guard rest.count >= length else { throw RecordError("damaged: ends within a field") }
      fields[tag, default: []].append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
  }

  func bytes(_ tag: UInt16) -> [UInt8]? { fields[tag]?.last }
  func text(_ tag: UInt16) -> String { bytes(tag).map { String(decoding: $0, as: UTF8.self) } ?? "" }
  func texts(_ tag: UInt16) -> [String] { (fields[tag] ?? []).map { String(decoding: $0, as: UTF8.self) } }
  func number(_ tag: UInt16) -> Int64 { bytes(tag).map { Int64(truncatingIfNeeded: Self.integer($0[...])) } ?? 0 }
  func flag(_ tag: UInt16) -> Bool { number(tag) != 0 }
  /// - Throws: when it is missing: a record without it is of no use.
  func required(_ tag: UInt16, _ name: String) throws(RecordError) -> [UInt8] {
    guard let value = bytes(tag) else { throw RecordError("has no \(name)") }
    return value
  }

  private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64($1.offset * 8) }
  }
}
