import AgentSupport
import CRIClient
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  @Suite("The end of an agent that takes its pods with it", .timeLimit(.minutes(5)))
  struct EndTests {
    @Test("Pods that clients are making at that moment go with the others")
    func inFlight() async throws {
      try await AgentFixture.with(.init(images: [], runtimeOnly: true)) { agent in
        let makers = (0..<4).map { maker in
          Task {
            for number in 0..<200 { _ = try await agent.sandbox("made-\(maker)-\(number)") }
          }
        }
        let isBusy = await eventually { ((try? await agent.runtime.listPodSandboxes(SandboxFilter())) ?? []).count >= 8 }
        #expect(isBusy)
        let endedWell = try await agent.terminate()
        #expect(endedWell)
        for maker in makers { maker.cancel() }
        for maker in makers { _ = await maker.result }
        let leftovers = await Leftovers(of: agent).settled()
        #expect(leftovers.isEmpty, "\(leftovers)")
      }
    }
  }
}
