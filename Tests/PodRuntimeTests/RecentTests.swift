import Testing

@testable import PodRuntime

@Suite("Recent values") struct RecentTests {
  @Test("what was used last stays, up to the capacity")
  func bound() {
    var recent = Recent<Int, String>(capacity: 3)
    for key in 1...3 { recent[key] = "\(key)" }
    #expect(recent[1] == "1")
    recent[4] = "4"
    #expect(recent.count == 3 && recent[2] == nil)
    #expect(recent[1] == "1" && recent[3] == "3" && recent[4] == "4")
    recent[1] = "one"
    recent[3] = nil
    #expect(recent.count == 2 && recent[1] == "one" && recent[3] == nil)
  }
}
