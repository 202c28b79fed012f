import Testing
import UnpackProtocol

@Suite("The unpacker's answers")
struct UnpackMessageTests {
  static let messages: [UnpackMessage] = [
    .file(name: "blobs/sha256/ab", offset: 512, size: .max), .link(name: "a", target: "b/c"), .opaque(path: ""),
    .opaque(path: "etc/ü"),
    .done(entries: 3, bytes: 1 << 40), .failed(.noSpace, "no space"), .failed(.invalidArchive, ""),
  ]

  @Test("arrive as they were sent, in pieces of any size", arguments: [1, 3, 7, 1000])
  func pieces(_ size: Int) throws {
    let bytes = Self.messages.flatMap(\.frame)
    var reader = UnpackMessageReader()
    var read: [UnpackMessage] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      reader.append(bytes[start..<min(bytes.count, start + size)])
      while let message = try reader.next() { read.append(message) }
    }
    #expect(read == Self.messages)
    #expect(reader.isEmpty)
  }

  @Test("never crash the reader, whatever they are", arguments: 0..<20)
  func random(_ seed: Int) {
    var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1
    func next() -> UInt8 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
    for round in 0..<500 {
      var bytes = Self.messages[round % Self.messages.count].frame
      for _ in 0..<Int(next() % 4 + 1) { bytes[Int(next()) % bytes.count] = next() }
      var reader = UnpackMessageReader()
      reader.append(bytes)
      while let message = try? reader.next() { #expect(message.frame.count <= UnpackMessage.maximumPayload + 5) }
    }
  }

  @Test("of a length out of bounds are refused before anything is kept")
  func tooLong() {
    var reader = UnpackMessageReader()
    reader.append([3, 1, 0x40, 0, 0])
    #expect(throws: UnpackMessageReader.Malformed.self) { _ = try reader.next() }
  }
}
