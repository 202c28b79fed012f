import AgentSupport
import CRIClient
import Foundation
import RuntimeAPI
import Testing
import TestSupport

extension AgentSuite {
  @Suite("Endurance", .timeLimit(.minutes(5)))
  struct SoakTests {
    /// Namespaces that the agent holds open, and how many descriptors it has.
    private static func descriptors(_ agent: AgentFixture) -> (namespaces: [String], count: Int) {
      let directory = "/proc/\(agent.pid)/fd"
      let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
      let links = files.map { (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)")) ?? "" }
      return (links.filter { link in ["net", "pid", "ipc", "uts", "mnt"].contains { link.hasPrefix("\($0):[") } }, files.count)
    }
    /// Bind mounts that keep a namespace alive.
    private static func namespaceMounts() -> Int {
      HostState.text("/proc/self/mountinfo").split(separator: "\n").filter { $0.contains(" nsfs ") }.count
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
      let mounts = Self.namespaceMounts()
      // A network made in advance is a namespace that the agent holds.
      let options = AgentFixture.Options(images: ["payload"], runtimeOnly: true, arguments: ["--prepared-networks", "0"])
      try await AgentFixture.with(options) { agent in
        var random = Seeded(state: seed)
        var kills = 0
        var descriptors = 0
        for index in 0..<Self.cycles {
          if index % 10 == 5 {
            // The moment lies anywhere in a pod's life of some 70 ms.
            let delay = Int.random(in: 0..<80, using: &random)
            async let interrupted: Void = Self.cycle(agent, index)
            try await Task.sleep(for: .milliseconds(delay))
            try await agent.kill()
            kills += 1
            try? await interrupted
            try await agent.start()
            try await Self.removeEnded(agent)
          }
          try await Self.cycle(agent, index)
          if index % 10 == 6 { descriptors = Self.descriptors(agent).count }
        }
        #expect(kills == Self.cycles / 10)
        #expect(try await agent.runtime.listPodSandboxes(SandboxFilter()).isEmpty)
        #expect(try await agent.runtime.listContainers(ContainerFilter()).isEmpty)
        #expect(try await agent.leaks() == [])
        let ended = await eventually { Leftovers(of: agent).processes().isEmpty }
        #expect(ended, "\(Leftovers(of: agent).processes())")
        // Since its last start it has had some ten pods. What the last calls still close, or look at, goes; what is lost stays.
        let back = await eventually {
          let now = Self.descriptors(agent)
          return now.namespaces.isEmpty && now.count <= descriptors + 2
        }
        #expect(back, "\(descriptors) descriptors became \(Self.descriptors(agent))")
      }
      #expect(Self.namespaceMounts() == mounts)
    }

    /// As the kubelet does: what has stopped is removed, what is half made is gone on with.
    private static func removeEnded(_ agent: AgentFixture) async throws {
      for sandbox in try await agent.runtime.listPodSandboxes(SandboxFilter()) {
        let containers = try await agent.runtime.listContainers(ContainerFilter(sandboxID: sandbox.id.rawValue))
        if sandbox.state == .notReady || containers.contains(where: { $0.state == .exited || $0.state == .unknown }) {
          try await agent.runtime.removePodSandbox(sandbox.id)
        }
      }
    }

    /// One pod's life. The same metadata again after an interruption: the calls join what is there.
    private static func cycle(_ agent: AgentFixture, _ index: Int) async throws {
      let pod = try await agent.sandbox("soak\(index)")
      let container = try await pod.create("c", ["tick", "5"])
      if try await agent.status(container).state == .created { try await agent.runtime.startContainer(container) }
      _ = try await agent.exec(container, ["/payload", "hostname"])
      if index % 2 == 0 { try await agent.runtime.stopContainer(container, timeout: 0) }
      try await pod.remove()
    }

    @Test(
      "Static pods that come and go while the agent is killed at any moment run exactly once, or not at all", arguments: [UInt64(7)]
    )
    func manifests(_ seed: UInt64) async throws {
      try await AgentFixture.with(.init(images: ["payload"])) { agent in
        var random = Seeded(state: seed)
        var wanted: Set<String> = []
        for _ in 0..<12 {
          for name in ["a", "b", "c", "d"] {
            if wanted.contains(name), Bool.random(using: &random) {
              try agent.removeManifest("\(name).yaml")
              wanted.remove(name)
            } else if !wanted.contains(name) {
              try agent.writeManifest("\(name).yaml", Self.pod(name))
              wanted.insert(name)
            }
          }
          try await Task.sleep(for: .milliseconds(Int.random(in: 0..<250, using: &random)))
          try await agent.restart()
        }
        let names = wanted.map { "\($0)-\(agent.nodeName)" }.sorted()
        let settled = try await eventually {
          let running = try await agent.runtime.listContainers(ContainerFilter(state: .running))
          let sandboxes = try await agent.runtime.listPodSandboxes(SandboxFilter(state: .ready))
          return running.map { $0.labels["io.kubernetes.pod.name"] ?? "" }.sorted() == names
            && sandboxes.map(\.metadata.name).sorted() == names
        }
        let present = try await agent.runtime.listPodSandboxes(SandboxFilter()).map(\.metadata.name)
        #expect(settled, "wanted \(names), have \(present)")
        let once = await eventually { agent.processes("/payload tick") == names.count }
        #expect(once, "\(Leftovers(of: agent).processes()) for \(names)\n\(agent.lastLogLines(80))")
        #expect(try await agent.leaks() == [])
      }
    }

    private static func pod(_ name: String) -> String {
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: \(name)}
      spec:
        terminationGracePeriodSeconds: 1
        containers: [{name: c, image: "localhost/payload:latest", imagePullPolicy: Never, args: [tick, "20"]}]
      """
    }
  }
}
