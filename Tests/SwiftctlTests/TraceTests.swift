import RuntimeAPI
import Testing

@testable import swiftctl

@Suite("swiftctl trace") struct TraceTests {
  private static func step(_ name: String, _ level: UInt32, _ offset: UInt64, _ duration: UInt64, _ container: String = "")
    -> StartTrace.Step
  {
    .init(name: name, container: container, level: level, offsetNanoseconds: offset, durationNanoseconds: duration)
  }

  private static func trace(_ steps: [StartTrace.Step], name: String = "web-vm", namespace: String = "default", uid: String = "u")
    -> StartTrace
  {
    StartTrace(
      namespace: namespace, name: name, uid: uid, startedAt: 1_700_000_000_000_000_000, isFinished: true, steps: steps)
  }

  @Test("each step has its line, its parts are indented, and the waiting between the outermost ones is shown") func table() {
    let text = TraceText(
      Self.trace([
        Self.step("sandbox", 0, 0, 4_000_000), Self.step("RunPodSandbox", 1, 100_000, 3_800_000),
        Self.step("network", 2, 120_000, 30_000), Self.step("container", 0, 6_000_000, 2_000_000, "server"),
        Self.step("shown as running", 0, 8_000_000, 12_000_000),
      ])
    ).text()
    #expect(
      text == """
        Start of pod default/web-vm, 2023-11-14T22:13:20.000000000Z: 20.0 ms

        STEP                       AT       TOOK
        sandbox                  0 us    4000 us  ========
          RunPodSandbox        100 us    3800 us  ========
            network            120 us      30 us  .
        (between)             4000 us    2000 us          ----
        container (server)    6000 us    2000 us              ====
        shown as running      8000 us    12.0 ms                  ========================

        """)
  }

  @Test("the outermost steps and the waiting between them are the whole; what runs beside is not waited for twice") func sum() {
    let rows = TraceText(
      Self.trace([
        Self.step("RunPodSandbox", 1, 5, 10), Self.step("network", 2, 5, 3), Self.step("CreateContainer", 1, 20, 10, "a"),
        Self.step("CreateContainer", 1, 22, 4, "b"), Self.step("StartContainer", 1, 40, 5, "a"),
      ])
    ).rows()
    #expect(rows.map(\.depth) == [0, 0, 1, 0, 0, 0, 0, 0])
    #expect(rows.filter { $0.name == "(between)" }.map(\.duration) == [5, 5, 10])
    let covered = rows.filter { $0.depth == 0 && $0.name != "CreateContainer (b)" }
    #expect(covered.map(\.duration).reduce(0, +) == 45)
    #expect(zip(covered, covered.dropFirst()).allSatisfy { $0.end == $1.offset })
  }

  @Test("a trace without steps, and one that is not over") func empty() {
    var trace = Self.trace([])
    trace.isFinished = false
    #expect(!TraceText.isOver(trace))
    #expect(TraceText(trace).text().hasPrefix("Start of pod default/web-vm, 2023-11-14T22:13:20.000000000Z: 0 us, not over yet\n"))
  }

  @Test("a start that a CRI client makes has no end to wait for") func client() {
    var trace = Self.trace([Self.step("RunPodSandbox", 1, 0, 10)])
    trace.isFinished = false
    #expect(TraceText.isOver(trace) && !TraceText(trace).text().contains("not over yet"))
    trace.steps.insert(Self.step("manifest read", 0, 0, 1), at: 0)
    #expect(!TraceText.isOver(trace))
  }

  @Test("a pod is named by UID, name or namespace/name; of several starts the newest is meant") func names() throws {
    let all = [
      Self.trace([], uid: "3"), Self.trace([], namespace: "other", uid: "2"), Self.trace([], uid: "1"),
      Self.trace([], name: "b", uid: "0"),
    ]
    #expect(try TraceCommand.trace(of: "1", in: all).uid == "1")
    #expect(try TraceCommand.trace(of: "default/web-vm", in: all).uid == "3")
    #expect(try TraceCommand.trace(of: "b", in: all).uid == "0")
    #expect { try TraceCommand.trace(of: "web-vm", in: all) } throws: {
      ($0 as? Failure)?.hint == "say which: default/web-vm, other/web-vm"
    }
    #expect(throws: Failure.self) { try TraceCommand.trace(of: "nosuch", in: all) }
  }

  @Test(
    "a duration has three digits or more, and a unit that fits",
    arguments: [
      (0, "0 us"), (499, "0 us"), (500, "1 us"), (812_345, "812 us"), (9_999_499, "9999 us"), (10_000_000, "10.0 ms"),
      (23_449_999, "23.4 ms"), (9_999_000_000, "9999.0 ms"), (12_149_999_999, "12.1 s"),
    ] as [(UInt64, String)])
  func duration(nanoseconds: UInt64, text: String) { #expect(Format.duration(nanoseconds) == text) }
}
