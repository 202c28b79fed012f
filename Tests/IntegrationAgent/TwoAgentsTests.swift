import AgentSupport
import CRIClient
import Foundation
import RuntimeAPI
import Testing
import TestSupport

extension AgentSuite {
  @Suite("Two agents on one node", .timeLimit(.minutes(5)))
  struct TwoAgentsTests {
    @Test("Neither sees, stops or cleans up what is the other's, also after it was killed and while it ends")
    func sideBySide() async throws {
      let options = AgentFixture.Options(images: ["web", "payload"], runtimeOnly: true)
      try await AgentFixture.with(options) { first in
        let pod = try await first.sandbox("same") { $0.portMappings = [PortMapping(containerPort: 80, hostPort: 18_081)] }
        let web = try await pod.start("web", image: "web")
        let pid = try await first.hostPID(web)
        try await AgentFixture.with(options) { second in
          #expect(try await second.runtime.listPodSandboxes(SandboxFilter()).isEmpty)
          let twin = try await second.sandbox("same") { $0.portMappings = [PortMapping(containerPort: 80, hostPort: 18_082)] }
          #expect(twin.id != pod.id)
          _ = try await twin.start("web", image: "web")
          try await second.restart()
          #expect(try await second.leaks() == [])
          #expect(try await first.leaks() == [])
          for port in [18_081, 18_082] {
            let answers = await eventually { (try? await HostNetwork.get("127.0.0.1", port))?.contains("200 OK") == true }
            #expect(answers, "host port \(port)")
          }
        }
        try await first.restart()
        #expect(try await first.hostPID(web) == pid)
        #expect(try await HostNetwork.get("127.0.0.1", 18_081).contains("200 OK"))
      }
    }

    @Test("A second agent with the same directories does not start")
    func sameDirectories() async throws {
      try await AgentFixture.with(.init(images: [], runtimeOnly: true)) { agent in
        let log = "\(agent.base)/second.log"
        let second = try AgentProcess(
          arguments: ["--root-dir", agent.root, "--state-dir", agent.state, "--bridge", agent.bridge, "--runtime-only"], log: log)
        #expect(try await second.wait(seconds: 60))
        #expect(second.exitStatus != 0)
        #expect(HostState.text(log).contains(agent.root))
        #expect(try await agent.runtime.version().runtimeName == "swiftlet")
      }
    }
  }
}
