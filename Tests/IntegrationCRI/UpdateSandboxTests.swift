import AgentSupport
import CRIClient
import Foundation
import Glibc
import RuntimeAPI
import TestSupport
import Testing

/// What a kubelet tells the runtime about a pod and the node while both run.
@Suite("A change while pods run", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct UpdateSandboxTests {
  @Test("of a sandbox's resources is shown, also by the next agent, changes nothing twice, and needs a sandbox that lives")
  func resources() async throws {
    try await RuntimeAgent.with { agent in
      let (first, second) = (LinuxResources(cpuShares: 204), LinuxResources(memoryLimit: 64 << 20))
      try await agent.runtime.updatePodSandboxResources(agent.sandbox, overhead: nil, resources: first)
      try await agent.runtime.updatePodSandboxResources(agent.sandbox, overhead: second, resources: nil)
      try await agent.runtime.updatePodSandboxResources(agent.sandbox, overhead: second, resources: first)
      func linux() async throws -> [String: Any]? {
        let text = try await agent.runtime.podSandboxStatus(agent.sandbox, verbose: true).info["info"] ?? ""
        let info = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return (info?["config"] as? [String: Any])?["linux"] as? [String: Any]
      }
      for _ in 0..<2 {
        let shown = try #require(try await linux())
        #expect((shown["resources"] as? [String: Any])?["cpu_shares"] as? String == "204", "\(shown)")
        #expect((shown["overhead"] as? [String: Any])?["memory_limit_in_bytes"] as? String == "\(64 << 20)", "\(shown)")
        try await agent.agent.restart()
      }
      let absent = SandboxID(String(repeating: "0", count: 64))
      #expect(
        await code { try await agent.runtime.updatePodSandboxResources(absent, overhead: nil, resources: first) } == .notFound)
      let wrong = LinuxResources(oomScoreAdjust: 2000)
      #expect(
        await code { try await agent.runtime.updatePodSandboxResources(agent.sandbox, overhead: nil, resources: wrong) }
          == .invalidArgument)
      try await agent.runtime.stopPodSandbox(agent.sandbox)
      #expect(
        await code { try await agent.runtime.updatePodSandboxResources(agent.sandbox, overhead: nil, resources: second) }
          == .failedPrecondition)
    }
  }

  @Test("of the pod CIDR is that of new pods, also for the next agent; pods keep theirs and reach the new ones")
  func podCIDR() async throws {
    try await RuntimeAgent.with { agent in
      let old = try await agent.runtime.podSandboxStatus(agent.sandbox, verbose: false).status.ip
      let new = "10.\(200 + agent.agent.number % 50).7"
      #expect(await code { try await agent.runtime.updateRuntimeConfig(podCIDR: "rubbish") } == .invalidArgument)
      #expect(await code { try await agent.runtime.updateRuntimeConfig(podCIDR: "10.1.0.0/24,10.2.0.0/24") } == .invalidArgument)
      try await agent.runtime.updateRuntimeConfig(podCIDR: "\(new).0/24,fd00:77::/64")
      // No change.
      try await agent.runtime.updateRuntimeConfig(podCIDR: "")
      try await agent.runtime.updateRuntimeConfig(podCIDR: "\(new).0/24,fd00:77::/64")
      func ready() async throws -> String {
        let status = try await agent.runtime.status(verbose: true)
        #expect(status.info["config"]?.contains("\(new).0/24") == true)
        return status.conditions.first { $0.type == "NetworkReady" && $0.status }?.message ?? "not ready"
      }
      #expect(try await ready().contains("\(new).0/24,fd00:77::/64"))

      func run(_ name: String) async throws -> SandboxStatus {
        var config = agent.sandboxConfig
        config.metadata = SandboxMetadata(name: name, uid: name, namespace: "default")
        let id = try await agent.runtime.runPodSandbox(config, handler: "")
        return try await agent.runtime.podSandboxStatus(id, verbose: false).status
      }
      let one = try await run("one")
      #expect(one.ip.hasPrefix("\(new).") && one.additionalIPs.first?.hasPrefix("fd00:77:") == true, "\(one)")
      #expect(try await agent.runtime.podSandboxStatus(agent.sandbox, verbose: false).status.ip == old)
      let id = try await agent.start("c")
      let reaches = "ping -c 1 -W 10 \(one.ip) >/dev/null && echo yes"
      #expect(try await agent.exec(id, reaches) == "yes")

      try await agent.agent.restart()
      #expect(try await ready().contains("\(new).0/24"))
      #expect(try await run("two").ip.hasPrefix("\(new)."))
      #expect(try await agent.exec(id, reaches) == "yes")
      #expect(try await agent.exec(id, "ping -c 1 -W 10 \(agent.agent.gateway) >/dev/null && echo yes") == "yes")
    }
  }
}
