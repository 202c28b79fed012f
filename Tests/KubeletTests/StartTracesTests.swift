@testable import RuntimeAPI
import Testing

@Suite("Traces of starts") struct StartTracesTests {
  private let start = StartTraces.Moment.now
  private func at(_ milliseconds: Int) -> StartTraces.Moment { start.advanced(by: .milliseconds(milliseconds)) }

  @Test("steps are in the order they began, the outer one first, and end with what is shown") func order() throws {
    let traces = StartTraces()
    traces.begin("u", namespace: "default", name: "web", at: at(0))
    traces.addNext(.manifest, "u", to: at(2))
    traces.beginSandbox(SandboxMetadata(name: "web", uid: "u", namespace: "default"), at: at(3))
    traces.add(.network, "u", from: at(3), to: at(4))
    traces.add(.runPodSandbox, "u", from: at(3), to: at(8))
    traces.add(.sandbox, "u", from: at(3), to: at(9))
    traces.finish("u", at: at(12))
    let trace = try #require(traces.list(wall: 1).first)
    #expect(trace.steps.map(\.name) == ["manifest read", "sandbox", "RunPodSandbox", "network", "shown as running"])
    #expect(trace.steps.map(\.level) == [0, 0, 1, 2, 0])
    #expect(trace.steps.map(\.offsetNanoseconds) == [0, 3_000_000, 3_000_000, 3_000_000, 9_000_000])
    #expect(trace.steps.map(\.durationNanoseconds) == [2_000_000, 6_000_000, 5_000_000, 1_000_000, 3_000_000])
    #expect(trace.isFinished && trace.durationNanoseconds == 12_000_000)
  }

  @Test("what happens after the start is no part of it; a new sandbox begins a new trace") func again() throws {
    let traces = StartTraces()
    let metadata = SandboxMetadata(name: "web", uid: "u", namespace: "default")
    traces.beginSandbox(metadata, at: at(0))
    traces.add(.runPodSandbox, "u", from: at(0), to: at(5))
    traces.finish("u", at: at(6))
    traces.add(.createContainer, "u", container: "again", from: at(7), to: at(8))
    traces.finish("u", at: at(20))
    #expect(traces.list(wall: 1).map(\.durationNanoseconds) == [6_000_000])
    traces.beginSandbox(metadata, at: at(30))
    traces.add(.runPodSandbox, "u", from: at(31), to: at(33))
    #expect(traces.list(wall: 1).map(\.durationNanoseconds) == [3_000_000])
    // The sandbox of a start without an end, tried again: a start of its own.
    traces.beginSandbox(metadata, at: at(40))
    #expect(traces.list(wall: 1).map(\.steps.count) == [0])
  }

  @Test("a call that returns after the pod was shown is part of the start") func late() throws {
    let traces = StartTraces()
    traces.begin("u", namespace: "default", name: "web", at: at(0))
    traces.finish("u", at: at(5))
    traces.add(.container, "u", container: "c", from: at(1), to: at(7))
    traces.add(.image, "u", container: "c", from: at(6), to: at(8))
    let trace = try #require(traces.list(wall: 1).first)
    #expect(trace.steps.map(\.name) == ["container", "shown as running"])
    #expect(trace.steps.map(\.durationNanoseconds) == [6_000_000, 0] && trace.durationNanoseconds == 7_000_000)
  }

  @Test("the last pods are kept, and so many steps of each") func bounds() throws {
    let traces = StartTraces(limit: 3)
    for pod in 0..<5 { traces.begin("\(pod)", namespace: "default", name: "pod-\(pod)", at: at(0)) }
    traces.begin("2", namespace: "default", name: "pod-2", at: at(0))
    #expect(traces.list(wall: 1).map(\.uid) == ["3", "4", "2"])
    for _ in 0..<1000 { traces.add(.createContainer, "2", from: at(0), to: at(1)) }
    traces.add(.createContainer, "gone", from: at(0), to: at(1))
    #expect(traces.list(name: "pod-2", wall: 1).map(\.steps.count) == [StartTraces.stepLimit])
    #expect(traces.list(namespace: "other", wall: 1).isEmpty)
  }

  @Test("laps follow each other without a gap; a step that fails is kept") func laps() async throws {
    struct Broken: Error {}
    let traces = StartTraces()
    traces.begin("u", namespace: "default", name: "web")
    var laps = StartLaps(traces, "u", container: "c")
    laps.lap(.spec)
    laps.lap(.record)
    laps.lap(.snapshot)
    await #expect(throws: Broken.self) { try await traces.measure(.process, "u") { throw Broken() } }
    let steps = try #require(traces.list(wall: 1).first).steps
    #expect(steps.map(\.name) == ["spec", "record", "writable layer", "process"])
    #expect(steps.map(\.container) == ["c", "c", "c", ""])
    #expect(steps[0].endNanoseconds == steps[1].offsetNanoseconds && steps[1].endNanoseconds == steps[2].offsetNanoseconds)
  }
}
