import CRIClient
import Foundation
import RuntimeAPI
import Testing

extension AgentSuite {
  @Suite("Endurance", .timeLimit(.minutes(5)))
  struct SoakTests {
    /// What the node as a whole has: agents come and go, these numbers come back.
    private struct Counts: Equatable {
      var namespaces: [String: Int]
      var mounts: Int
      var links: Int

      init() {
        var seen: [String: Set<String>] = [:]
        for pid in Leftovers.pids() {
          for kind in ["net", "pid", "ipc", "uts", "mnt", "cgroup"] {
            if let name = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/\(kind)") {
              seen[kind, default: []].insert(name)
            }
          }
        }
        namespaces = seen.mapValues(\.count)
        mounts = Leftovers.text("/proc/self/mountinfo").split(separator: "\n").count
        links = Leftovers.text("/proc/thread-self/net/dev").split(separator: "\n").count
      }
    }

    /// A generator whose sequence a failure can repeat.
    private struct Seeded: RandomNumberGenerator {
      var state: UInt64
      mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
      }
    }

    private static let cycles = 200

    @Test("After 200 pods and an agent killed at any moment, nothing is left of any of them", arguments: [UInt64(20)])
    func soak(_ seed: UInt64) async throws {
      let before = Counts()
      try await AgentFixture.with(.init(images: ["payload"], runtimeOnly: true)) { agent in
        var random = Seeded(state: seed)
        var kills = 0
        for index in 0..<Self.cycles {
          // The node is clean only when every call of a pod can be cut off: the moment lies anywhere in its life of some 40 ms.
          if index % 10 == 5 {
            let delay = Int.random(in: 0..<60, using: &random)
            async let interrupted: Void = Self.cycle(agent, index, tolerant: true)
            try await Task.sleep(for: .milliseconds(delay))
            try await agent.kill()
            kills += 1
            try? await interrupted
            try await agent.start()
          }
          try await Self.cycle(agent, index, tolerant: false)
        }
        #expect(kills == Self.cycles / 10)
        #expect(try await agent.runtime.listPodSandboxes(SandboxFilter()).isEmpty)
        #expect(try await agent.runtime.listContainers(ContainerFilter()).isEmpty)
        #expect(try await agent.node.leaks() == [])
        #expect(Leftovers(of: agent).processes().isEmpty)
      }
      let same = await eventually(5) { Counts() == before }
      #expect(same, "before: \(before), after: \(Counts())")
    }

    /// One pod's life. The same metadata again after an interruption: the calls join what is there.
    private static func cycle(_ agent: AgentFixture, _ index: Int, tolerant: Bool) async throws {
      let pod = try await agent.sandbox("soak\(index)")
      let container = try await pod.create("c", ["tick", "5"])
      if try await agent.status(container).state == .created { try await agent.runtime.startContainer(container) }
      _ = try await agent.exec(container, ["/payload", "hostname"])
      if index % 2 == 0 { try await agent.runtime.stopContainer(container, timeout: 0) }
      try await pod.remove()
    }
  }
}
