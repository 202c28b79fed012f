import Testing

@testable import CNI

@Suite("JSON with places") struct JSONTests {
  @Test("what was read is written as it was: order, digits, text")
  func roundTrip() throws {
    let text = #"{"b":[1,-2.50e+3,18446744073709551615],"a":{"x":null,"y":true,"z":false},"s":"q\"\\\n\u0001é😀","b2":[]}"#
    let json = try JSONParser.parse(Array(text.utf8))
    #expect(json.text == text)
    #expect(try JSONParser.parse(Array(#" {"s" : "\u00e9\ud83d\ude00\/" } "#.utf8))["s"]?.string == "é😀/")
    #expect(try JSONParser.parse([0xef, 0xbb, 0xbf] + Array("1".utf8)) == .number("1"))
  }

  @Test(
    "an error has its line and column",
    arguments: [
      ("", "line 1, column 1: the text ends where a value is expected"),
      ("{\n  \"a\": 1,\n}", "line 3, column 1: a field's name in quotes is expected, not '}'"),
      ("{\n  \"a\" 1\n}", "line 2, column 7: ':' after \"a\" is expected, not '1'"),
      ("[1 2]", "line 1, column 4: ']' or ',' is expected, not '2'"),
      ("{\"a\": [1", "line 1, column 9: the text ends where ']' or ',' is expected"),
      ("\"a\nb\"", "line 1, column 3: a string does not go over a line's end or hold byte 0xa"),
      ("01", "line 1, column 3: a number does not begin with 0"), ("1 2", "line 1, column 3: something follows the value"),
      ("tru", "line 1, column 1: 'true' is expected"), ("\"\\x\"", "line 1, column 3: \\x is no escape of JSON"),
    ])
  func errors(_ text: String, _ problem: String) {
    let error = #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(Array(text.utf8)) }
    #expect(error?.description == problem)
  }

  @Test("depth is bounded")
  func depth() {
    #expect(throws: JSONParser.Failure.self) { try JSONParser.parse([UInt8](repeating: UInt8(ascii: "["), count: 100_000)) }
  }

  @Test("fields are replaced, added and left out")
  func fields() {
    let json = JSON.object(("a", .number(1)), ("b", .string("x")))
    #expect(json.with(("a", .null), ("c", .bool(true))).text == #"{"b":"x","a":null,"c":true}"#)
    #expect(json.with(("b", nil)).text == #"{"a":1}"#)
  }
}
