import Testing

@testable import LinuxSystem

@Suite("sleeps and timers", .serialized, .timeLimit(.minutes(5))) struct AlarmTests {
  @Test("a cancelled sleep ends at once and leaves nothing among the timers")
  func cancelled() async throws {
    // No other test, of those that run beside this one, waits for a time like this.
    let day: UInt64 = 86_400_000_000_000
    let year = 31_536_000
    func yearLong() -> Int { CooperativeExecutor.shared.timers.count(dueAfter: 364 * day..<366 * day) }
    let sleepers = (0..<500).map { _ in Task { try await Alarm.sleep(for: .seconds(year)) } }
    while yearLong() < 500 { await Task.yield() }
    for sleeper in sleepers { sleeper.cancel() }
    for sleeper in sleepers { await #expect(throws: CancellationError.self) { try await sleeper.value } }
    #expect(yearLong() == 0)
    // Deadlines that were met are cancelled sleeps too.
    for _ in 0..<500 { #expect(await waiting(atMost: .seconds(year)) { 1 } == 1) }
    while yearLong() > 0 { await Task.yield() }
  }

  @Test("sleeps end in the order of their ends and not before, also beside cancelled ones; one of a cancelled task never begins")
  func order() async throws {
    // Those that a busy machine comes to late run side by side, and say nothing about their order: then once more, slower.
    var unit = 30
    var order = await endsInTime(unit)
    while order.count < 3 {
      unit *= 2
      order = await endsInTime(unit)
    }
    #expect(order == [1, 2, 3])
    let late = Task {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      try await Alarm.sleep(for: .seconds(Int64.max))
    }
    await #expect(throws: CancellationError.self) { try await late.value }
  }

  /// The sleeps of so many units that ended less than half a unit late, as they ended.
  private func endsInTime(_ milliseconds: Int) async -> [Int] {
    let order = Monitored<[Int]>([])
    let start = ContinuousClock.now
    await withTaskGroup { group in
      for count in [3, 1, 2, 0, -1] {
        group.addTask {
          let delay = count * milliseconds
          let early = Task { try await Alarm.sleep(for: .milliseconds(delay / 2 + 1000)) }
          early.cancel()
          try? await Alarm.sleep(for: .milliseconds(delay))
          let took = ContinuousClock.now - start
          #expect(took >= .milliseconds(delay))
          if count > 0, took < .milliseconds(delay + milliseconds / 2) { order.withLock { $0.append(count) } }
        }
      }
    }
    return order.withLock { $0 }
  }

  @Test("the heap gives what is due in its order, whatever was taken out of its middle")
  func heap() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      var heap = TimerHeap()
      var entries: [(due: UInt64, ticket: UInt64)] = []
      let ran = Monitored<[UInt64]>([])
      for ticket in 1...UInt64.random(in: 1...60, using: &generator) {
        let due = UInt64.random(in: 0...20, using: &generator)
        entries.append((due, ticket))
        heap.insert(TimerHeap.Entry(due: due, ticket: ticket) { ran.withLock { $0.append(ticket) } })
      }
      for _ in 0..<entries.count / 2 {
        let gone = entries.remove(at: Int.random(in: 0..<entries.count, using: &generator))
        heap.remove(gone.ticket)
        heap.remove(gone.ticket)
      }
      #expect(heap.count == entries.count)
      for action in heap.takeDue(10) + heap.takeDue(.max) { action() }
      #expect(ran.withLock { $0 } == entries.sorted { ($0.due, $0.ticket) < ($1.due, $1.ticket) }.map(\.ticket))
      #expect(heap.count == 0)
    }
  }
}
