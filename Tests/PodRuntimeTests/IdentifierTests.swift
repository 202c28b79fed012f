import Testing

@testable import PodRuntime

@Suite("Ids") struct IdentifierTests {
  @Test("are 64 digits, and others each time") func random() {
    let ids = Set((0..<1000).map { _ in Identifier.random() })
    #expect(ids.count == 1000 && ids.allSatisfy { Identifier.isWhole($0) })
  }

  @Test(
    "of other length or alphabet are none",
    arguments: [
      "", ".", "..", "a", String(repeating: "a", count: 63), String(repeating: "A", count: 64), String(repeating: "é", count: 32),
      String(repeating: "a", count: 63) + "/",
    ])
  func whole(_ text: String) { #expect(!Identifier.isWhole(text)) }

  private func match(_ text: String, _ ids: [String]) -> String {
    let values = Dictionary(uniqueKeysWithValues: ids.map { ($0, $0) })
    return switch Identifier.match(text, in: values, id: { $0 }, text: { $0 }) {
    case .none: "none"
    case .one(let value): value
    case .many: "many"
    }
  }

  @Test("are found by a beginning that is only theirs") func beginnings() {
    let (a, b) = (String(repeating: "a", count: 64), "ab" + String(repeating: "0", count: 62))
    #expect(match("aa", [a, b]) == a)
    #expect(match("ab", [a, b]) == b)
    #expect(match("a", [a, b]) == "many")
    #expect(match("", [a]) == "none")
    #expect(match("b", [a, b]) == "none")
    #expect(match(a, [a, b]) == a)
    // As long as an id, it is one, and no beginning.
    #expect(match(a + "a", [a]) == "none")
    #expect(match(String(a.dropLast()) + "b", [a]) == "none")
  }

  @Test("a whole id is its owner's, though another's begins with it") func exact() {
    #expect(match("ab", ["ab", "abc"]) == "ab")
  }
}
