/// Decompresses the header blocks of one direction of a connection: one zlib stream, cut behind whole deflate blocks (a sync flush after
/// each frame). In Swift and not zlib's, as strangers write what it reads. Source: RFC 1950, RFC 1951.
struct Inflater {
  /// How far back a match may reach.
  private static let windowSize = 32768
  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
  private static let distanceBases = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289,
    16385, 24577,
  ]
  private static let distanceBits = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
  ]
  private static let codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
  private static let fixedLiterals = HuffmanCode(
    unchecked: [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112) + [Int](repeating: 7, count: 24)
      + [Int](repeating: 8, count: 8))
  private static let fixedDistances = HuffmanCode(unchecked: [Int](repeating: 5, count: 30))

  private var began = false
  private var window: [UInt8] = []
  private var input: [UInt8] = []
  private var position = 0
  private var bits: UInt32 = 0
  private var bitCount = 0
  private var output: [UInt8] = []

  /// What the next blocks of the stream hold.
  /// - Parameter limit: most bytes that may come out of them.
  /// - Throws: for what is no such stream, ends in the middle of a block, or holds more. The stream cannot be read on then.
  mutating func inflate(_ block: [UInt8], limit: Int) throws(StreamProtocolError) -> [UInt8] {
    (input, position, output) = (block, 0, [])
    if !began { try begin() }
    // Fewer bits than a block's header has are the filling of the last byte.
    while bitCount + (input.count - position) * 8 >= 3 {
      guard try take(1) == 0 else { throw .malformed("the header compression ended") }
      switch try take(2) {
      case 0: try stored(limit)
      case 1: try compressed(Self.fixedLiterals, Self.fixedDistances, limit)
      case 2:
        let (literals, distances) = try codes()
        try compressed(literals, distances, limit)
      default: throw .malformed("a header block of an unknown kind")
      }
    }
    window = Array((window + output).suffix(Self.windowSize))
    defer { (input, output) = ([], []) }
    return output
  }

  private mutating func begin() throws(StreamProtocolError) {
    let (method, flags) = (try take(8), try take(8))
    guard method & 0x0F == 8, method >> 4 <= 7, (method << 8 | flags) % 31 == 0 else { throw .malformed("no zlib header") }
    if flags & 0x20 != 0 {
      var identifier: UInt32 = 0
      for _ in 0..<4 { identifier = identifier << 8 | UInt32(try take(8)) }
      guard identifier == HeaderDictionary.identifier else { throw .malformed("another header dictionary than SPDY/3's") }
      window = HeaderDictionary.bytes
    }
    began = true
  }

  /// The next bits, the first one lowest.
  private mutating func take(_ count: Int) throws(StreamProtocolError) -> Int {
    while bitCount < count {
      guard position < input.count else { throw .malformed("a header block is cut off") }
      bits |= UInt32(input[position]) << UInt32(bitCount)
      position += 1
      bitCount += 8
    }
    let value = bits & (1 << UInt32(count) - 1)
    bits >>= UInt32(count)
    bitCount -= count
    return Int(value)
  }

  private mutating func stored(_ limit: Int) throws(StreamProtocolError) {
    (bits, bitCount) = (0, 0)
    let (length, complement) = (try take(16), try take(16))
    guard length == ~complement & 0xFFFF, position + length <= input.count else { throw .malformed("a damaged stored block") }
    guard output.count + length <= limit else { throw .tooLarge("headers") }
    output += input[position..<position + length]
    position += length
  }

  private mutating func codes() throws(StreamProtocolError) -> (HuffmanCode, HuffmanCode) {
    let (literals, distances, lengths) = (try take(5) + 257, try take(5) + 1, try take(4) + 4)
    guard literals <= 286, distances <= 30 else { throw .malformed("a damaged header block") }
    var codeLengths = [Int](repeating: 0, count: 19)
    for index in 0..<lengths { codeLengths[Self.codeLengthOrder[index]] = try take(3) }
    let code = try HuffmanCode(codeLengths)
    var all: [Int] = []
    while all.count < literals + distances {
      let symbol = try decode(code)
      switch symbol {
      case 0..<16: all.append(symbol)
      case 16:
        guard let last = all.last else { throw .malformed("a damaged header block") }
        all += [Int](repeating: last, count: 3 + (try take(2)))
      case 17: all += [Int](repeating: 0, count: 3 + (try take(3)))
      default: all += [Int](repeating: 0, count: 11 + (try take(7)))
      }
    }
    guard all.count == literals + distances, all[256] != 0 else { throw .malformed("a damaged header block") }
    return (try HuffmanCode(Array(all[..<literals])), try HuffmanCode(Array(all[literals...])))
  }

  private mutating func decode(_ code: HuffmanCode) throws(StreamProtocolError) -> Int {
    var (value, first, index) = (0, 0, 0)
    for length in 1...15 {
      value |= try take(1)
      let count = code.counts[length]
      if value - count < first { return code.symbols[index + value - first] }
      index += count
      first = (first + count) << 1
      value <<= 1
    }
    throw .malformed("a damaged header block")
  }

  private mutating func compressed(
    _ literals: HuffmanCode, _ distances: HuffmanCode, _ limit: Int
  ) throws(StreamProtocolError) {
    while true {
      let symbol = try decode(literals)
      if symbol == 256 { return }
      if symbol < 256 {
        guard output.count < limit else { throw .tooLarge("headers") }
        output.append(UInt8(symbol))
        continue
      }
      guard symbol - 257 < Self.lengthBases.count else { throw .malformed("a damaged header block") }
      let length = Self.lengthBases[symbol - 257] + (try take(Self.lengthBits[symbol - 257]))
      let code = try decode(distances)
      guard code < Self.distanceBases.count else { throw .malformed("a damaged header block") }
      let distance = Self.distanceBases[code] + (try take(Self.distanceBits[code]))
      guard distance <= output.count + window.count else { throw .malformed("a match before the beginning") }
      guard output.count + length <= limit else { throw .tooLarge("headers") }
      for _ in 0..<length {
        let place = output.count - distance
        output.append(place >= 0 ? output[place] : window[window.count + place])
      }
    }
  }
}

/// A canonical prefix code: how many codes there are of each length, and what they stand for in order.
struct HuffmanCode {
  private(set) var counts = [Int](repeating: 0, count: 16)
  private(set) var symbols: [Int] = []

  /// - Throws: for lengths that no code can have.
  init(_ lengths: [Int]) throws(StreamProtocolError) {
    self.init(unchecked: lengths)
    var left = 1
    for length in 1...15 {
      left = left * 2 - counts[length]
      guard left >= 0 else { throw .malformed("a damaged header block") }
    }
  }

  init(unchecked lengths: [Int]) {
    for length in 1...15 {
      for (symbol, other) in lengths.enumerated() where other == length { symbols.append(symbol) }
      counts[length] = lengths.count { $0 == length }
    }
  }
}
