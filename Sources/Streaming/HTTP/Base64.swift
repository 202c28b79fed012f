internal import FoundationEssentials

/// RFC 4648, section 4; of tokens section 5.
enum Base64 {
  static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] { Array(Data(bytes).base64EncodedData()) }

  /// nil: it is not base64.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? { Data(base64Encoded: Data(text)).map { Array($0) } }

  /// Letters that need no escaping in a path, without padding.
  static func encodeForURL(_ bytes: some Sequence<UInt8>) -> String {
    let text = encode(bytes).filter { $0 != UInt8(ascii: "=") }
    return String(
      decoding: text.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 },
      as: UTF8.self)
  }
}
