import Synchronization
import Testing

@testable import Images

@Suite("A gate with keys")
struct KeyedGateTests {
  @Test("lets one task at a time through for a key, and other keys at once")
  func exclusive() async throws {
    let gate = KeyedGate()
    let inside = Counter()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          try await gate.pass("key\(number % 2)") { () async throws(ImageError) in
            if number % 2 == 0 { inside.enter() }
            await Task.yield()
            if number % 2 == 0 { inside.leave() }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(inside.most == 1 && inside.total == 100)
  }

  @Test("is passed without waiting only when it is free")
  func free() async throws {
    let gate = KeyedGate()
    let nested = try await gate.passIfFree("a") { () async throws(ImageError) in
      let same = try await gate.passIfFree("a") { () async throws(ImageError) in 1 }
      let other = try await gate.passIfFree("b") { () async throws(ImageError) in 2 }
      return [same, other]
    }
    #expect(nested == [nil, 2])
    #expect(try await gate.passIfFree("a") { () async throws(ImageError) in 3 } == 3)
  }

  private final class Counter: Sendable {
    private let state = Mutex((now: 0, most: 0, total: 0))
    var most: Int { state.withLock { $0.most } }
    var total: Int { state.withLock { $0.total } }
    func enter() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.total + 1) } }
    func leave() { state.withLock { $0.now -= 1 } }
  }

  @Test("is left at once by a task that is cancelled while it waits, and goes to the next one")
  func cancelled() async throws {
    let gate = KeyedGate()
    let (held, started) = AsyncStream.makeStream(of: Void.self)
    let (release, releaser) = AsyncStream.makeStream(of: Void.self)
    let holder = Task {
      try await gate.pass("key") { () async throws(ImageError) in
        started.yield(())
        for await _ in release { break }
      }
    }
    for await _ in held { break }
    let waiter = Task { try await gate.pass("key") { () async throws(ImageError) in 1 } }
    let patient = Task { try await gate.pass("key") { () async throws(ImageError) in 2 } }
    waiter.cancel()
    let result = await waiter.result
    #expect(throws: ImageError.self) { _ = try result.get() }
    releaser.yield(())
    #expect(try await patient.value == 2)
    try await holder.value
    #expect(try await gate.pass("key") { () async throws(ImageError) in 3 } == 3)
  }

  private final class Inside: Sendable {
    let count = Mutex<(now: Int, most: Int)>((0, 0))
  }

  @Test("a wider gate lets as many through, and no more") func wide() async throws {
    let gate = KeyedGate(width: 3)
    let inside = Inside()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 {
        group.addTask {
          try await gate.pass("key") { () async throws(ImageError) in
            inside.count.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            for _ in 0..<50 { await Task.yield() }
            inside.count.withLock { $0.now -= 1 }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(inside.count.withLock { $0.most <= 3 && $0.now == 0 })
  }
}
