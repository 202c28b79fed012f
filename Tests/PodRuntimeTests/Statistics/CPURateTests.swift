import Testing

@testable import PodRuntime

@Suite("The rate of CPU use") struct CPURateTests {
  private static let second: UInt64 = 1_000_000_000

  @Test("is unknown at first, then what was used between two looks, and the same within a second") func rate() {
    var rate = CPURate()
    #expect(rate.note(5 * Self.second, at: 100 * Self.second) == nil)
    #expect(rate.note(6 * Self.second, at: 102 * Self.second) == 500_000_000)
    #expect(rate.note(9 * Self.second, at: 102 * Self.second + 1) == 500_000_000)
    #expect(rate.note(9 * Self.second, at: 103 * Self.second) == 3 * Self.second)
  }

  @Test("is unknown again after minutes, when a counter began anew, and when the clock stood still") func unknown() {
    var rate = CPURate()
    _ = rate.note(5 * Self.second, at: 100 * Self.second)
    #expect(rate.note(6 * Self.second, at: 300 * Self.second) == nil)
    #expect(rate.note(1 * Self.second, at: 302 * Self.second) == nil)
    #expect(rate.note(2 * Self.second, at: 301 * Self.second) == nil)
    #expect(rate.note(3 * Self.second, at: 304 * Self.second) == Self.second)
  }
}
