import Glibc
import LinuxSystem
import Testing

@Suite("the threads of tasks", .serialized) struct CooperativeThreadsTests {
  init() { CooperativeThreads.install() }

  @Test("tasks, timers and blocking calls go on while code blocks every cooperative thread", .timeLimit(.minutes(5)))
  func blocked() async throws {
    let isOpen = Monitored(false)
    let entered = Monitored(0)
    let stuck = (0..<40).map { _ in
      Task {
        entered.withLock { $0 += 1 }
        _ = isOpen.wait { $0 ? true : nil }
      }
    }
    // Each needs a thread after each suspension.
    for _ in 0..<5 {
      try await Task.sleep(for: .milliseconds(1))
      await runBlocking { () throws(Never) in }
      await Task.yield()
    }
    while entered.withLock({ $0 }) < 40 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(CooperativeThreads.count > 40)
    isOpen.broadcast { $0 = true }
    for task in stuck { await task.value }
  }

  @Test("sleeps end in the order of their ends, not before, and a cancelled one at once", .timeLimit(.minutes(5)))
  func sleeps() async throws {
    let forEver = Task { try await Task.sleep(for: .seconds(Int64.max / 4)) }
    let nanoseconds = Task { try await Task.sleep(nanoseconds: 10_000_000) }
    // Those that a busy machine comes to late run side by side, and say nothing about their order: then once more, slower.
    var unit = 30
    var order = try await endsInTime(unit)
    while order.count < 4 {
      unit *= 2
      order = try await endsInTime(unit)
    }
    #expect(order == [0, 1, 2, 3])
    try await nanoseconds.value
    forEver.cancel()
    await #expect(throws: CancellationError.self) { try await forEver.value }
  }

  /// The sleeps of so many units that ended less than half a unit late, as they ended.
  private func endsInTime(_ milliseconds: Int) async throws -> [Int] {
    let order = Monitored<[Int]>([])
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for count in [3, 1, 2, 0] {
        group.addTask {
          let delay = count * milliseconds
          try await Task.sleep(for: .milliseconds(delay))
          let took = ContinuousClock.now - start
          #expect(took >= .milliseconds(delay))
          if took < .milliseconds(delay + milliseconds / 2) { order.withLock { $0.append(count) } }
        }
      }
      try await group.waitForAll()
    }
    return order.withLock { $0 }
  }

  @Test("every job runs once", .timeLimit(.minutes(5)))
  func all() async {
    actor Counter {
      var count = 0
      func add() { count += 1 }
    }
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<1000 {
        group.addTask {
          for _ in 0..<10 {
            await counter.add()
            await Task.yield()
          }
        }
      }
    }
    #expect(await counter.count == 10_000)
  }
}
