import LinuxSystem
import Synchronization
import TestSupport
import Testing

@Suite("memory after work", .timeLimit(.minutes(1))) struct IdleTrimTests {
  final class Trims: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
  }

  @Test("a burst gives its memory back once, the next burst again")
  func burst() async {
    let trims = Trims()
    let memory = IdleTrim(quiet: .milliseconds(100), limit: .seconds(3600)) { trims.add() }
    for round in 1...2 {
      for _ in 0..<100 { memory.worked() }
      #expect(await eventually { trims.count == round })
      try? await Task.sleep(for: .milliseconds(250))
      #expect(trims.count == round)
    }
  }

  @Test("work without a pause is interrupted after a while")
  func endless() async {
    let trims = Trims()
    let memory = IdleTrim(quiet: .seconds(3600), limit: .milliseconds(100)) { trims.add() }
    memory.worked()
    #expect(
      await eventually {
        memory.worked()
        return trims.count > 0
      })
  }

  @Test("without work nothing happens")
  func idle() async {
    let trims = Trims()
    let memory = IdleTrim(quiet: .zero, limit: .zero) { trims.add() }
    try? await Task.sleep(for: .milliseconds(50))
    #expect(trims.count == 0)
    memory.worked()
    #expect(await eventually { trims.count == 1 })
  }
}
