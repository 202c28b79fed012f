import ShimCore
import Testing

@Suite("CRI log lines")
struct LogLinesTests {
  private func lines(_ chunks: [String], at time: Int64 = 1_475_713_029_669_794_202) -> [String] {
    var lines = LogLines(isError: false)
    var clock = TimestampFormatter()
    var output: [UInt8] = []
    for chunk in chunks { lines.feed(Array(chunk.utf8), count: chunk.utf8.count, at: time, clock: &clock, to: &output) }
    lines.finish(at: time, clock: &clock, to: &output)
    // Of bytes: CR LF is one character of a string.
    return output.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  private func contents(_ chunks: [String]) -> [String] { lines(chunks).map { String($0.dropFirst(38)) } }

  @Test("A line has time, stream, tag and content")
  func format() { #expect(lines(["hello\n"]) == ["2016-10-06T00:17:09.669794202Z stdout F hello"]) }

  @Test("Chunks are joined, empty lines kept, CR before LF dropped, an unterminated tail is partial")
  func joining() {
    #expect(contents(["he", "llo\n\na\r", "\nb\r\ntail"]) == ["F hello", "F ", "F a", "F b", "P tail"])
  }

  @Test("Lines are split at 16 KiB, and one of exactly 16 KiB is not")
  func splitting() {
    let full = String(repeating: "x", count: 16384)
    #expect(contents([full + "\n"]) == ["F " + full])
    #expect(contents([full, "\n"]) == ["F " + full])
    #expect(contents([full + "yz\n"]) == ["P " + full, "F yz"])
    #expect(contents([full + full + "y"]) == ["P " + full, "P " + full, "P y"])
  }

  @Test("A CR behind 16 KiB is the line's end if an LF follows, and begins the next line if not, wherever the chunks are cut")
  func splittingAtCR() {
    let full = String(repeating: "x", count: 16384)
    func everyCut(_ text: String) -> [[String]] {
      (16380..<text.utf8.count).map { contents([String(text.prefix($0)), String(text.dropFirst($0))]) } + [contents([text])]
    }
    #expect(everyCut(full + "\r\n").allSatisfy { $0 == ["F " + full] })
    #expect(everyCut(full + "\r").allSatisfy { $0 == ["P " + full, "P \r"] })
    #expect(everyCut(full + "\ry\n").allSatisfy { $0 == ["P " + full, "F \ry"] })
    #expect(everyCut(full + "\r\r\n").allSatisfy { $0 == ["P " + full, "F \r"] })
  }

  @Test(
    "Times are RFC 3339 in UTC",
    arguments: [
      (0, "1970-01-01T00:00:00.000000000Z"), (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
      (4_102_444_799_999_999_999, "2099-12-31T23:59:59.999999999Z"),
    ])
  func timestamp(_ nanoseconds: Int64, _ text: String) {
    var clock = TimestampFormatter()
    var output: [UInt8] = []
    clock.append(nanoseconds, to: &output)
    #expect(String(decoding: output, as: UTF8.self) == text)
  }
}
