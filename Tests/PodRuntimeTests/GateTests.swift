import LinuxSystem
import RuntimeAPI
import TestSupport
import Testing

@testable import PodRuntime

@Suite("Gates and latches", .timeLimit(.minutes(5)))
struct GateTests {
  @Test("Exclusive passes run alone and in order; shared ones side by side, and none overtakes an exclusive one")
  func order() async throws {
    let gate = Gate()
    let log = ShimConnectionTests.Log()
    let (first, inside) = (Latch(), Latch())
    let holder = Task {
      try await gate.pass { () async throws(RuntimeError) in
        inside.open()
        _ = await first.wait()
      }
    }
    _ = await inside.wait()
    var tasks: [Task<Void, any Error>] = []
    for (name, kind) in [("a", Gate.Kind.shared), ("b", .exclusive), ("c", .shared)] {
      tasks.append(Self.enter(gate, name, kind, log))
      #expect(await eventually { gate.waiting == tasks.count })
    }
    #expect(log.all == [])
    first.open()
    try await holder.value
    for task in tasks { try await task.value }
    #expect(log.all == ["a", "b", "c"])
  }

  @Test("Shared passes are inside at once")
  func shared() async throws {
    let gate = Gate()
    let (one, two) = (Latch(), Latch())
    async let a: Void = gate.pass(.shared) { () async throws(RuntimeError) in
      one.open()
      _ = await two.wait()
    }
    async let b: Void = gate.pass(.shared) { () async throws(RuntimeError) in
      two.open()
      _ = await one.wait()
    }
    _ = try await (a, b)
  }

  @Test("Who gives up while waiting is let go, and those behind go on")
  func cancelled() async throws {
    let gate = Gate()
    let (hold, inside) = (Latch(), Latch())
    let holder = Task {
      try await gate.pass(.shared) { () async throws(RuntimeError) in
        inside.open()
        _ = await hold.wait()
      }
    }
    _ = await inside.wait()
    let waiting = Task { try await gate.pass { () async throws(RuntimeError) in } }
    #expect(await eventually { gate.waiting == 1 })
    let behind = Task { try await gate.pass(.shared) { () async throws(RuntimeError) in } }
    #expect(await eventually { gate.waiting == 2 })
    waiting.cancel()
    await #expect(throws: RuntimeError.self) { try await waiting.value }
    // Nothing exclusive is in front of it any more.
    try await behind.value
    hold.open()
    try await holder.value
    try await gate.pass { () async throws(RuntimeError) in }
  }

  private static func enter(_ gate: Gate, _ name: String, _ kind: Gate.Kind, _ log: ShimConnectionTests.Log) -> Task<
    Void, any Error
  > {
    Task { try await gate.pass(kind) { () async throws(RuntimeError) in log.add(name) } }
  }
}
