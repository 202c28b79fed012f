import Testing

@testable import PodRuntime

@Suite("Record format")
struct RecordFieldsTests {
  private static func sample() -> [UInt8] {
    var writer = RecordWriter()
    writer.text(1, "id")
    writer.number(2, -5)
    writer.number(3, .max)
    writer.texts(4, ["a", "", "c"])
    writer.flag(5, true)
    writer.bytes(900, [1, 2, 3])
    return writer.finish(.sandbox)
  }

  @Test("What is written is read, and unknown tags do no harm")
  func roundTrip() throws {
    let reader = try RecordReader(Self.sample(), .sandbox)
    #expect(reader.text(1) == "id" && reader.number(2) == -5 && reader.number(3) == .max)
    #expect(reader.texts(4) == ["a", "", "c"] && reader.flag(5))
    #expect(reader.text(77).isEmpty && reader.number(77) == 0 && !reader.flag(77) && reader.texts(77) == [])
    #expect(throws: RecordError("has no config")) { try reader.required(77, "config") }
  }

  @Test("The bytes are what they were in the first version")
  func golden() {
    var writer = RecordWriter()
    writer.text(1, "ab")
    writer.number(258, 513)
    #expect(
      writer.finish(.container) == [
        0x53, 0x57, 0x4c, 0x54, 3, 1, 0, 0, 0xaf, 0x48, 0xbc, 0xc7, 1, 0, 2, 0, 0, 0, 0x61, 0x62, 2, 1, 8, 0, 0, 0, 1, 2, 0, 0, 0,
        0,
        0, 0,
      ])
  }

  @Test("Every cut and every flipped byte is noticed")
  func damage() {
    let record = Self.sample()
    for length in 0..<record.count {
      #expect(throws: RecordError.self, "cut at \(length)") { try RecordReader(Array(record[..<length]), .sandbox) }
    }
    for index in record.indices where index != 6 && index != 7 {
      var damaged = record
      damaged[index] ^= 0x40
      #expect(throws: RecordError.self, "byte \(index)") { try RecordReader(damaged, .sandbox) }
    }
    #expect(throws: RecordError.self) { try RecordReader(record, .container) }
  }
}
