import AgentSupport
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  /// The proof that every other test ends with is worth something only when it can fail.
  @Suite("What tests look for at their end") struct LeftoversTests {
    @Test("Is seen, each kind of it, while a pod runs without its agent", .timeLimit(.minutes(5)))
    func everyKind() async throws {
      try await AgentFixture.with(.init(images: ["busybox"], runtimeOnly: true)) { agent in
        let pod = try await agent.sandbox("pod")
        _ = try await pod.stay("c")
        try await agent.kill()
        let found = Leftovers(of: agent).all()
        for kind in ["process", "link", "cgroup", "nf_tables table", "network", "file"] {
          #expect(found.contains { $0.hasPrefix("\(kind) ") }, "no \(kind) in \(found)")
        }
        try await agent.start()
        try await pod.remove()
      }
    }
  }
}
