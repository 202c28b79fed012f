import Store
import Testing

@Suite("the event log") struct EventLogTests {
  private func record(_ log: EventLog, _ message: String, at now: Int64 = 1) throws -> EventLog.Entry {
    try log.record(type: "Normal", reason: "R", namespace: "n", name: "p", uid: "u", message: message, at: now)
  }

  @Test("a repeated event is counted, moves to the end, and pushes nothing out")
  func repeated() throws {
    let log = EventLog(in: try Store(path: nil), capacity: 100)
    _ = try record(log, "rare")
    for time in 0..<1000 { _ = try record(log, "noisy", at: Int64(time)) }
    let entries = try log.list()
    #expect(entries.map(\.message) == ["rare", "noisy"])
    #expect(entries.last?.count == 1000)
    #expect(entries.last?.first == 0)
    #expect(entries.last?.last == 999)
    #expect(entries.last?.sequence == 1001)
    #expect(try log.list(after: 1000).count == 1)
  }

  @Test("rows are bounded, the oldest go first")
  func bounded() throws {
    let log = EventLog(in: try Store(path: nil), capacity: 100)
    for number in 0..<1000 { _ = try record(log, "\(number)") }
    let entries = try log.list()
    #expect((100...164).contains(entries.count))
    #expect(entries.last?.message == "999")
    #expect(entries.first?.message == "\(1000 - entries.count)")
  }

  @Test("a text of any size is cut at 1024 bytes without tearing a character")
  func cut() throws {
    let log = EventLog(in: try Store(path: nil))
    let entry = try record(log, String(repeating: "ä", count: 3_000_000))
    #expect(entry.message.utf8.count <= 1024)
    #expect(entry.message.hasSuffix("ä..."))
    #expect(try log.list() == [entry])
    #expect(try record(log, String(repeating: "x", count: 1024)).message.utf8.count == 1024)
  }
}
