import AgentSupport
import Foundation
import RuntimeAPI
import Testing
import TestSupport

extension AgentSuite {
  @Suite("A manifest that broke while no agent ran", .timeLimit(.minutes(5)))
  struct DegradedRestartTests {
    @Test("keeps its pod running until the file is good again or gone")
    func degraded() async throws {
      try await AgentFixture.with { agent in
        try agent.writeManifest(
          "stay.yaml",
          """
          apiVersion: v1
          kind: Pod
          metadata: {name: stay}
          spec:
            terminationGracePeriodSeconds: 1
            containers:
            - name: c
              image: localhost/busybox:latest
              imagePullPolicy: Never
              command: [sleep, "100000"]
          """)
        try await agent.waitForPod("stay", "running") { $0.isRunning }
        let before = try #require(try await agent.containers("stay", "c").first)
        let pid = try await agent.hostPID(before.id)
        try await agent.kill()
        try "apiVersion: v1\nkind: Pod\nmetadata: {name: [}\n"
          .write(toFile: "\(agent.manifests)/stay.yaml", atomically: true, encoding: .utf8)
        try await agent.start()
        #expect(await eventually { agent.lastLogLines(10_000).contains("InvalidManifest") })
        #expect(try await agent.hostPID(before.id) == pid && pid > 0)
        try agent.removeManifest("stay.yaml")
        try await agent.waitUntilGone("stay")
      }
    }
  }
}
