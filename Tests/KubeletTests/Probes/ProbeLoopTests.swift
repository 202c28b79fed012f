import KubeModel
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

/// The loop over a script of answers and a clock that only the test moves.
@Suite("The loop of a probe", .timeLimit(.minutes(5))) struct ProbeLoopTests {
  /// What the loop did, with seconds since its beginning.
  private final class Script: Sendable {
    let time = TestClock()
    let began: Int64
    private let state: Mutex<(answers: [ProbeResult], said: [String])>

    /// - Parameter answers: one for each try; the last for all that follow.
    init(_ answers: [ProbeResult]) {
      began = time.now
      state = Mutex((answers, []))
    }

    func say(_ text: String) { state.withLock { $0.said.append("\(Double((time.now - began) / 10_000_000) / 100) \(text)") } }
    var said: [String] { state.withLock { $0.said } }
    var tries: Int { said.count { $0.hasSuffix("try") } }

    func attempt() -> ProbeResult {
      say("try")
      return state.withLock { $0.answers.count > 1 ? $0.answers.removeFirst() : $0.answers[0] }
    }

    func loop(_ kind: ProbeKind, _ probe: Probe) -> Task<Void, Never> {
      let loop = ProbeLoop(
        kind: kind, probe: probe, first: began + .seconds(Int(probe.initialDelaySeconds ?? 0)), clock: time.clock,
        attempt: { self.attempt() },
        report: { self.say("\($0)") }, note: { self.say("note \($0)") })
      return Task { await loop.run() }
    }
  }

  private static let no = ProbeResult.failure("no")
  private static func probe(
    delay: Int32? = nil, period: Int32? = 10, successes: Int32? = nil, failures: Int32? = nil, http: Bool = false
  ) -> Probe {
    Probe(
      exec: http ? nil : ExecAction(command: ["check"]), failureThreshold: failures,
      httpGet: http ? HTTPGetAction(port: 80) : nil, initialDelaySeconds: delay, periodSeconds: period, successThreshold: successes)
  }

  /// Lets the loop do all it can, then moves time on; as often as asked.
  private func run(_ script: Script, _ task: Task<Void, Never>, seconds: Int64, step: Int64 = 1) async {
    for _ in 0..<(seconds / step) {
      await asleep(script, task)
      script.time.advance(seconds: step)
    }
    await asleep(script, task)
  }

  /// Waits until the loop sleeps or has ended.
  private func asleep(_ script: Script, _ task: Task<Void, Never>) async {
    let ended = Mutex(false)
    let watch = Task {
      await task.value
      ended.withLock { $0 = true }
    }
    #expect(await eventually { script.time.sleepers > 0 || ended.withLock { $0 } })
    watch.cancel()
  }

  @Test("tries once in a period, after the initial delay, and tells a verdict only when it changes")
  func periods() async {
    let script = Script([.success(""), .success(""), Self.no, Self.no, .success("")])
    let task = script.loop(.readiness, Self.probe(delay: 5, failures: 2))
    await run(script, task, seconds: 46)
    task.cancel()
    await task.value
    #expect(
      script.said == [
        "5.0 try", "5.0 success", "15.0 try", "25.0 try", "25.0 note failure(\"no\")", "35.0 try", "35.0 note failure(\"no\")",
        "35.0 failure", "45.0 try", "45.0 success",
      ])
  }

  @Test("a failure below the threshold says nothing; a success begins the count anew")
  func thresholds() async {
    let script = Script([Self.no, Self.no, .success(""), Self.no, Self.no, Self.no])
    let task = script.loop(.liveness, Self.probe(period: 1))
    await run(script, task, seconds: 10)
    // A liveness probe that has failed has nothing more to say.
    await task.value
    #expect(script.said.filter { !$0.contains("try") && !$0.contains("note") } == ["2.0 success", "5.0 failure"])
    #expect(script.tries == 6)
  }

  @Test("a startup probe ends with its first verdict", arguments: [(ProbeResult.success(""), "success"), (no, "failure")])
  func startup(_ answer: ProbeResult, _ verdict: String) async {
    let script = Script([answer])
    let task = script.loop(.startup, Self.probe(period: 1, failures: 2))
    await run(script, task, seconds: 5)
    await task.value
    #expect(script.said.last?.hasSuffix(" \(verdict)") == true)
    #expect(script.tries == (verdict == "success" ? 1 : 2))
  }

  @Test("a try that could not be made is made again three times at once, and then counts for nothing")
  func errors() async {
    let script = Script([.error("no runtime")])
    let task = script.loop(.liveness, Self.probe(period: 1, failures: 1))
    await run(script, task, seconds: 3)
    task.cancel()
    await task.value
    #expect(script.tries == 16)
    #expect(!script.said.contains { $0.hasSuffix(" failure") || $0.hasSuffix(" success") })
    #expect(script.said.count { $0.contains("note error") } == 4)
  }

  @Test("a warning is a success that is told")
  func warning() async {
    let script = Script([.warning("redirected")])
    let task = script.loop(.readiness, Self.probe())
    await run(script, task, seconds: 1)
    task.cancel()
    #expect(script.said == ["0.0 try", "0.0 note warning(\"redirected\")", "0.0 success"])
  }

  @Test("right after the start it tries more often, up to the first success; such failures count for nothing")
  func early() async {
    let script = Script([Self.no, Self.no, .success("")])
    let task = script.loop(.readiness, Self.probe(failures: 1, http: true))
    for _ in 0..<20 {
      await asleep(script, task)
      script.time.advance(milliseconds: 50)
    }
    task.cancel()
    #expect(script.said == ["0.0 try", "0.05 try", "0.15 try", "0.15 success"])
  }

  @Test(
    "not for liveness, where a failure has a price, for commands, which cost a process, or with an initial delay",
    arguments: [(ProbeKind.liveness, probe(http: true)), (.readiness, probe()), (.readiness, probe(delay: 1, http: true))])
  func notEarly(_ kind: ProbeKind, _ probe: Probe) async {
    let script = Script([Self.no])
    let task = script.loop(kind, probe)
    await run(script, task, seconds: 9)
    task.cancel()
    #expect(script.tries == 1)
  }

  @Test("numbers that make no sense are the smallest that do, and the end of the container ends the loop")
  func extremes() async {
    let script = Script([Self.no])
    let task = script.loop(.liveness, Self.probe(period: 0, failures: 0))
    await run(script, task, seconds: 2)
    await task.value
    #expect(script.said.last == "0.0 failure")
    let endless = Script([.success("")])
    let other = endless.loop(.readiness, Self.probe(delay: .max))
    await asleep(endless, other)
    other.cancel()
    await other.value
    #expect(endless.tries == 0)
  }
}
