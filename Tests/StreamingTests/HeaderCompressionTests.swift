import Testing

@testable import Streaming

@Suite("SPDY header compression") struct HeaderCompressionTests {
  /// Written by zlib 1.2.13 (level 9, SPDY's dictionary, Z_SYNC_FLUSH behind each): one stream, four frames.
  static let blocks = [
    "78f9e3c6a7c202253a703a2b294a4dcc851625aca9a0808614cb45a024cc64610024398b209198094adc8c0600000000ffff",
    "c2aa15540a2512d209000000ffff",
    "22ce52160b032c9a0d01000000ffff",
    "c4965b6b02410c85ff4e5f7c3176551004a15028140a0541280885aa6ded4debedd737e7c91cdcdd999d9d99be2c2439c95994e45b7d5ca1f9d0013b744da1d1fffb597f83c572f5faf6befef8fcfafed96c7f77fbc3f1a48b21bdeba23f18c6d2903bde67e5d1144742d65d8d5edc3d3114e42b1ab95bda0bc8b4a7d1dcd5d1b64e8ea0ee93a3a15d99ec0a8d66f5fa3655f2ea6b34ad958717c968a0d1639d3ab4462e881e6ac461257c519cd71c57e6be5a1c5261031c92bb4a6df3024fc7adb8ad9236cdf3689c839b0a65b334cfc5c64fca854db23c144b3d2ed5f9277922f6765426f3cdf138ace6b044e597e259d8bee252e493e14108e542e34ed094ee7f80dad86727b5f1ce8b6a639c91d5c63517ac8d65165a1bbff4b8366689796d9c5202dbd86420b6a426b62425b6a423b62422b6a420b64427b6c425b64424b6c422b68412fb0f0000ffff",
  ].map(bytes)

  static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8).map { UInt8($0 < 0x61 ? $0 - 0x30 : $0 - 0x57) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  @Test("the dictionary is SPDY/3's") func dictionary() {
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in HeaderDictionary.bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    #expect(HeaderDictionary.bytes.count == 1423)
    #expect(b << 16 | a == 0xE3C6_A7C2)
  }

  @Test("what zlib wrote is read, each frame with what the ones before left") func zlib() throws {
    let inflater = Inflater()
    let headers = try Self.blocks.map { try SPDYHeaders(decoding: try inflater.inflate($0, limit: 16384)) }
    #expect(headers[0] == SPDYHeaders([("streamtype", "error"), ("port", "80"), ("requestid", "0")]))
    #expect(headers[1] == SPDYHeaders([("streamtype", "data"), ("port", "80"), ("requestid", "0")]))
    #expect(headers[2]["port"] == "8080")
    #expect(headers[3].fields.count == 40)
    #expect(headers[3]["x-header-7"] == String(repeating: "hijklmnopqrstuvwxyz0123456789", count: 3))
  }

  @Test("what is written is read again") func roundTrip() throws {
    var deflater = StoredDeflater()
    let inflater = Inflater()
    for count in [0, 1, 3, 40] {
      let headers = SPDYHeaders((0..<count).map { ("name\($0)", String(repeating: "v", count: $0 * 10)) })
      #expect(try SPDYHeaders(decoding: try inflater.inflate(deflater.deflate(headers.encoded), limit: 65536)) == headers)
    }
  }

  @Test("a bomb is refused at its limit") func bomb() {
    let inflater = Inflater()
    #expect(throws: StreamProtocolError.tooLarge("headers")) {
      for block in Self.blocks { _ = try inflater.inflate(block, limit: 100) }
    }
  }

  @Test(
    "damage is refused", arguments: ["", "78", "0000", "7801", "78bb00000001", "780103", "780107", "780100050000", "7801edffff"])
  func damage(_ hex: String) {
    let inflater = Inflater()
    let bytes = Self.bytes(hex)
    let result = Result { () throws(StreamProtocolError) in try SPDYHeaders(decoding: try inflater.inflate(bytes, limit: 100)) }
    #expect(throws: StreamProtocolError.self) { try result.get() }
  }
}
