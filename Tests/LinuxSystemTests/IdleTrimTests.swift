import LinuxSystem
import Synchronization
import TestSupport
import Testing

@Suite("memory after work", .timeLimit(.minutes(5))) struct IdleTrimTests {
  final class Trims: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
  }

  @Test("a burst gives its memory back once, the next burst again")
  func burst() async {
    let trims = Trims()
    let memory = IdleTrim(quiet: .milliseconds(100), limit: .seconds(3600)) { trims.add() }
    var bursts = 0
    while bursts < 2 {
      let (before, start) = (trims.count, ContinuousClock.now)
      for _ in 0..<100 { memory.worked() }
      // On a busy machine there may be a pause in it: then it was none.
      let isBurst = ContinuousClock.now - start < .milliseconds(100)
      #expect(await eventually { trims.count > before })
      try? await Task.sleep(for: .milliseconds(250))
      if isBurst {
        #expect(trims.count == before + 1)
        bursts += 1
      }
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
