/// The headers of a SPDY/3 frame: names in lower case, values of one name joined by NUL. Source: SPDY/3, section 2.6.10.
struct SPDYHeaders: Equatable {
  /// Most of one frame, as strangers send them; clients of Kubernetes send three.
  static let maximumCount = 64

  private(set) var fields: [(name: String, value: String)]

  init(_ fields: [(name: String, value: String)] = []) { self.fields = fields }

  subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  static func == (left: SPDYHeaders, right: SPDYHeaders) -> Bool {
    left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
  }

  // MARK: Wire form

  /// What is behind the headers is ignored.
  init(decoding bytes: [UInt8]) throws(StreamProtocolError) {
    fields = []
    var rest = bytes[...]
    let count = try Self.number(&rest)
    guard count <= Self.maximumCount else { throw .tooLarge("\(count) headers") }
    for _ in 0..<count {
      let name = try Self.text(&rest)
      guard !name.isEmpty else { throw .malformed("a header without a name") }
      fields.append((name.lowercased(), try Self.text(&rest)))
    }
  }

  var encoded: [UInt8] {
    var bytes = Self.bytes(fields.count)
    for (name, value) in fields {
      bytes += Self.bytes(name.utf8.count) + name.utf8
      bytes += Self.bytes(value.utf8.count) + value.utf8
    }
    return bytes
  }

  private static func number(_ rest: inout ArraySlice<UInt8>) throws(StreamProtocolError) -> Int {
    guard rest.count >= 4 else { throw .malformed("headers are cut off") }
    defer { rest = rest.dropFirst(4) }
    return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
  }

  private static func text(_ rest: inout ArraySlice<UInt8>) throws(StreamProtocolError) -> String {
    let length = try number(&rest)
    guard length <= rest.count else { throw .malformed("headers are cut off") }
    defer { rest = rest.dropFirst(length) }
    return String(decoding: rest.prefix(length), as: UTF8.self)
  }

  private static func bytes(_ number: Int) -> [UInt8] {
    let value = UInt32(number)
    return [24, 16, 8, 0].map { (shift: UInt32) in UInt8(value >> shift & 0xFF) }
  }
}

/// Header blocks as a zlib stream of stored blocks: the headers of a stream are a hundred bytes, nothing is gained by making them fewer.
struct StoredDeflater {
  private var began = false

  mutating func deflate(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = began ? [] : [0x78, 0x01]
    began = true
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(0xFFFF)
      stream += Self.head(part.count) + part
      rest = rest.dropFirst(part.count)
    }
    // A sync flush: readers give out what is before it.
    return stream + Self.head(0)
  }

  private static func head(_ length: Int) -> [UInt8] {
    let complement = ~length & 0xFFFF
    return [0, UInt8(length & 0xFF), UInt8(length >> 8), UInt8(complement & 0xFF), UInt8(complement >> 8)]
  }
}
