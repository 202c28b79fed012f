import RuntimeAPI
import Testing

@testable import PodRuntime

@Suite("Gates and latches", .timeLimit(.minutes(1)))
struct GateTests {
  @Test("Exclusive passes run alone and in order; shared ones side by side, and none overtakes an exclusive one")
  func order() async throws {
    let gate = Gate()
    let log = ShimConnectionTests.Log()
    let first = Latch()
    let holder = Task { try await gate.pass { () async throws(RuntimeError) in _ = await first.wait() } }
    try await Self.settle()
    var tasks = [Self.enter(gate, "a", .shared, log)]
    try await Self.settle()
    tasks.append(Self.enter(gate, "b", .exclusive, log))
    try await Self.settle()
    tasks.append(Self.enter(gate, "c", .shared, log))
    try await Self.settle()
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
    let hold = Latch()
    let holder = Task { try await gate.pass(.shared) { () async throws(RuntimeError) in _ = await hold.wait() } }
    try await Self.settle()
    let waiting = Task { try await gate.pass { () async throws(RuntimeError) in } }
    try await Self.settle()
    let behind = Task { try await gate.pass(.shared) { () async throws(RuntimeError) in } }
    try await Self.settle()
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

  private static func settle() async throws { try await Task.sleep(for: .milliseconds(30)) }
}
