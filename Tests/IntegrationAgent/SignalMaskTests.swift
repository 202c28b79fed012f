import AgentSupport
import Glibc
import TestSupport
import Testing

extension AgentSuite {
  @Suite("The signals of an agent") struct SignalMaskTests {
    @Test("Are not blocked, whatever mask its parent had", .timeLimit(.minutes(5)))
    func mask() async throws {
      // Foundation starts programs with the mask of its calling thread, which in a test is libdispatch's: SIGTERM blocked.
      try await AgentFixture.with(.init(images: [], runtimeOnly: true)) { agent in
        let masks = HostState.names("/proc/\(agent.pid)/task").map { HostState.text("/proc/\(agent.pid)/task/\($0)/status") }
        #expect(!masks.isEmpty)
        for text in masks {
          let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("SigBlk:") })
          let blocked = try #require(UInt64(line.dropFirst("SigBlk:".count).trimmingPrefix { $0.isWhitespace }, radix: 16))
          #expect(blocked & (1 << UInt64(SIGTERM - 1)) == 0, "\(line)")
        }
      }
    }
  }
}
