import ShimCore
import Testing

@Suite("The set-up program codec")
struct SetupProgramTests {
  /// Those of the fixture; what a later protocol adds is added here.
  static let every: [SetupOperation] = ProtocolFixtureTests.program

  @Test("Every operation comes back as it went in")
  func roundTrip() throws {
    #expect(try SetupProgram.decode(SetupProgram.encode(Self.every)) == Self.every)
  }

  @Test("Every truncation is an error, never a trap")
  func truncation() {
    let bytes = SetupProgram.encode(Self.every)
    for length in 0..<bytes.count {
      #expect(throws: CodecError.self) { try SetupProgram.decode(Array(bytes[..<length])) }
    }
  }

  @Test("Flipped and random bytes never trap")
  func hostile() {
    var generator = SystemRandomNumberGenerator()
    let bytes = SetupProgram.encode(Self.every)
    for _ in 0..<20_000 {
      var damaged = bytes
      for _ in 0..<3 { damaged[Int.random(in: 0..<damaged.count, using: &generator)] = .random(in: 0...255, using: &generator) }
      _ = try? SetupProgram.decode(damaged)
      _ = try? SetupProgram.decode((0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
  }

  @Test("A string with a NUL byte is refused")
  func nul() {
    let bytes = SetupProgram.encode([.hostname("a\0b")])
    #expect(throws: CodecError.malformed) { try SetupProgram.decode(bytes) }
  }
}
