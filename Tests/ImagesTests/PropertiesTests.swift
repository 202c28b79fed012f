import Testing

@testable import Images

@Suite("A record of lines")
struct PropertiesTests {
  @Test(
    "gives back what was put in, whatever characters it has", arguments: ["", "a b", "line\nbreak", "back\\slash\\n", "Ünï ", "\\"])
  func roundTrip(_ value: String) throws {
    var properties = Properties()
    properties.set("key", [value, "second"])
    properties.set("number", 42)
    let read = try #require(Properties(properties.text(kind: "test"), kind: "test"))
    #expect(read.all("key") == [value, "second"])
    #expect(read.number("number") == 42)
    #expect(read == properties)
  }

  @Test("keeps unknown keys and reads higher versions")
  func unknown() throws {
    var properties = try #require(Properties("swiftlet test 9\nnew thing here\nkey 1\n", kind: "test"))
    properties.set("key", 2)
    #expect(properties.text(kind: "test") == "swiftlet test 1\nnew thing here\nkey 2\n")
  }

  @Test(
    "is refused when it is something else or cut off",
    arguments: [
      "", "\n", "swiftlet test 1", "swiftlet other 1\n", "swiftlet test x\n", "swiftlet test 1\nkey", "swiftlet test 1\nkey\n",
      "swiftlet test 1\nkey \\x\n", "swiftlet test 1\nkey a\\\n", "\u{0}\u{1}",
    ])
  func refused(_ text: String) { #expect(Properties(text, kind: "test") == nil) }
}
