import Store
import Synchronization
import Testing

@Suite("work that is done together", .timeLimit(.minutes(5))) struct DrainTests {
  private struct Full: Error {}

  @Test("what is asked for while it is done is done after it, one at a time, and nothing is left out")
  func together() async throws {
    let asked = Mutex(0)
    let done = Mutex(0)
    let running = Mutex(0)
    let overlaps = Mutex(0)
    let rounds = Mutex(0)
    let isHeld = Mutex(false)
    let drain = Drain(delay: .milliseconds(1), retryDelay: .zero)
    let body: @Sendable () async throws -> Void = {
      if running.withLock({
        $0 += 1; return $0
      }) > 1 {
        overlaps.withLock { $0 += 1 }
      }
      let seen = asked.withLock { $0 }
      repeat { try? await Task.sleep(for: .milliseconds(1)) } while isHeld.withLock { $0 }
      done.withLock { $0 = seen }
      rounds.withLock { $0 += 1 }
      running.withLock { $0 -= 1 }
    }
    for _ in 0..<4000 {
      asked.withLock { $0 += 1 }
      drain.wake(body)
      await Task.yield()
    }
    while done.withLock({ $0 }) < 4000 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(overlaps.withLock { $0 } == 0)
    while running.withLock({ $0 }) > 0 { try await Task.sleep(for: .milliseconds(1)) }
    // What is asked for during one round is done by one more.
    isHeld.withLock { $0 = true }
    drain.wake(body)
    while running.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(1)) }
    let before = rounds.withLock { $0 }
    for _ in 0..<1000 {
      asked.withLock { $0 += 1 }
      drain.wake(body)
    }
    isHeld.withLock { $0 = false }
    while done.withLock({ $0 }) < 5000 { try await Task.sleep(for: .milliseconds(1)) }
    try await Task.sleep(for: .milliseconds(50))
    #expect(rounds.withLock { $0 } == before + 2)
  }

  @Test("what failed is tried again without being asked for")
  func failure() async throws {
    let tries = Mutex(0)
    let drain = Drain(delay: .zero, retryDelay: .milliseconds(5))
    let body: @Sendable () async throws -> Void = {
      if tries.withLock({
        $0 += 1; return $0
      }) < 4 {
        throw Full()
      }
    }
    drain.wake(body)
    while tries.withLock({ $0 }) < 4 { try await Task.sleep(for: .milliseconds(1)) }
    try await Task.sleep(for: .milliseconds(50))
    #expect(tries.withLock { $0 } == 4)
  }
}
