import AgentSupport
import Foundation
import Glibc
import LinuxSystem
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  @Suite("When the node runs out of memory") struct OOMScoreTests {
    @Test(
      "the agent is spared as it is told to be, podshim nearly always, and containers as their requests say",
      .timeLimit(.minutes(5)))
    func scores() async throws {
      var options = AgentFixture.Options(images: ["busybox"])
      // Everybody may raise it.
      options.configuration = "oomScoreAdj: 100\n"
      try await AgentFixture.with(options) { agent in
        func score(_ pid: Int32) -> String {
          HostState.text("/proc/\(pid)/oom_score_adj").trimmingCharacters(in: .whitespacesAndNewlines)
        }
        #expect(score(agent.pid) == "100")
        try agent.writeManifest(
          "scored.yaml",
          """
          apiVersion: v1
          kind: Pod
          metadata: {name: scored}
          spec:
            terminationGracePeriodSeconds: 0
            containers:
              - {name: app, image: localhost/busybox:latest, imagePullPolicy: Never, command: [sleep, "3600"]}
          """)
        try await agent.waitForPod("scored", "runs") { $0.isRunning }
        let container = try #require(try await agent.containers("scored").first)
        let directory = "\(agent.state)/sandboxes/\(container.sandboxID)"
        let shim = try #require(Int32(HostState.text("\(directory)/shim.pid").trimmingCharacters(in: .whitespacesAndNewlines)))
        // Without CAP_SYS_RESOURCE nobody gets below what the agent has.
        let lowers = KernelFeatures.probe().canRaiseLimits
        #expect(score(shim) == (lowers ? "-999" : "100"))
        #expect(score(try await agent.hostPID(container.id)) == "1000")
      }
    }
  }
}
