/// RFC 4648, section 4; of tokens section 5.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    return values
  }()

  static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var (text, group, count) = ([UInt8](), 0, 0)
    for byte in bytes {
      group = group << 8 | Int(byte)
      count += 1
      if count == 3 {
        for shift in [18, 12, 6, 0] { text.append(alphabet[group >> shift & 63]) }
        (group, count) = (0, 0)
      }
    }
    guard count > 0 else { return text }
    group <<= 8 * (3 - count)
    for shift in [18, 12, 6, 0].prefix(count + 1) { text.append(alphabet[group >> shift & 63]) }
    return text + [UInt8](repeating: UInt8(ascii: "="), count: 3 - count)
  }

  /// nil: it is not base64.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var (bytes, group, count, padding) = ([UInt8](), 0, 0, 0)
    for letter in text {
      if letter == UInt8(ascii: "=") {
        padding += 1
        group <<= 6
      } else {
        guard padding == 0, values[Int(letter)] != 0xFF else { return nil }
        group = group << 6 | Int(values[Int(letter)])
      }
      count += 1
      if count == 4 {
        bytes += [UInt8(group >> 16), UInt8(group >> 8 & 0xFF), UInt8(group & 0xFF)]
        (group, count) = (0, 0)
      }
    }
    guard padding <= 2 else { return nil }
    return Array(bytes.dropLast(padding))
  }

  /// Letters that need no escaping in a path, without padding.
  static func encodeForURL(_ bytes: some Sequence<UInt8>) -> String {
    let text = encode(bytes).filter { $0 != UInt8(ascii: "=") }
    return String(
      decoding: text.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 },
      as: UTF8.self)
  }
}
