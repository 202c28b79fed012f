import CRIWork
import RuntimeAPI
import Testing

@testable import swiftctl

@Suite("Tables of use and of time") struct UsageTableTests {
  private static func usage(_ name: String, cpu: UInt64, at time: Int64, memory: UInt64 = 1000) -> TopCommand.Usage {
    TopCommand.Usage(
      id: name, name: name, pod: "p", cpu: CPUUsage(timestamp: time, usageCoreNanoSeconds: cpu), memory: memory, processes: 3)
  }

  @Test("top shows who uses most first, and what came meanwhile without a share") func top() {
    let second: Int64 = 1_000_000_000
    let before = [Self.usage("quiet", cpu: 500, at: second), Self.usage("busy", cpu: 0, at: second)]
    let now = [
      Self.usage("quiet", cpu: 500, at: 2 * second), Self.usage("new", cpu: 900_000_000, at: 2 * second, memory: 2000),
      Self.usage("busy", cpu: 250_000_000, at: 2 * second),
    ]
    let lines = TopCommand.table(before, now, pods: true).split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.map { $0[0] } == ["POD", "busy", "new", "quiet"])
    #expect(lines[1] == ["busy", "p", "25.00", "1kB", "3"] && lines[2][2] == "-" && lines[3][2] == "0.00")
  }

  @Test("bench shows medians and ratios to the first runtime") func bench() {
    func rows(_ milliseconds: [Int]) -> [Timings.Row] {
      var timings = Timings()
      for value in milliseconds { timings.add("RunPodSandbox", .milliseconds(value)) }
      return timings.rows
    }
    let text = BenchCommand.table([("a 1", rows([1, 2, 4])), ("b 2", rows([3, 3, 20]))])
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines[0] == ["1:", "a", "1"] && lines[1] == ["2:", "b", "2"])
    #expect(lines[3] == ["RunPodSandbox", "2.000", "4.000", "3.000", "20.000", "1.50", "5.00"])
  }
}
