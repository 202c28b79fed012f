import CRIClient
import Foundation
import Glibc
import RuntimeAPI
import Synchronization
import Testing

extension AgentSuite {
  @Suite("Endurance", .timeLimit(.minutes(5)))
  struct SoakTests {
    /// Namespaces that exist because something holds them: a process, or an open file of one.
    private static func namespaces() -> Set<String> {
      var seen: Set<String> = []
      for pid in Leftovers.pids() {
        for name in ["ns/net", "ns/pid", "ns/ipc", "ns/uts", "ns/mnt"] { seen.insert(link("/proc/\(pid)/\(name)")) }
        for file in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? [] {
          let target = link("/proc/\(pid)/fd/\(file)")
          if target.contains(":[") { seen.insert(target) }
        }
      }
      return seen
    }
    private static func link(_ path: String) -> String { (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? "" }
    private static func namespaces(of pid: Int32) -> Set<String> {
      Set(["net", "pid", "ipc", "uts", "mnt"].map { link("/proc/\(pid)/ns/\($0)") }).filter { !$0.isEmpty }
    }
    private static func mountCount() -> Int {
      Leftovers.text("/proc/self/mountinfo").split(separator: "\n").filter { $0.contains(" nsfs ") }.count
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
      let mounts = Self.mountCount()
      let own = Self.namespaces(of: getpid())
      let made = Mutex<Set<String>>([])
      try await AgentFixture.with(.init(images: ["payload"], runtimeOnly: true)) { agent in
        var random = Seeded(state: seed)
        var kills = 0
        for index in 0..<Self.cycles {
          if index % 10 == 5 {
            // The moment lies anywhere in a pod's life of some 70 ms.
            let delay = Int.random(in: 0..<80, using: &random)
            async let interrupted = Self.cycle(agent, index)
            try await Task.sleep(for: .milliseconds(delay))
            try await agent.kill()
            kills += 1
            _ = try? await interrupted
            try await agent.start()
            try await Self.removeEnded(agent)
          }
          let used = try await Self.cycle(agent, index)
          made.withLock { $0.formUnion(used) }
        }
        #expect(kills == Self.cycles / 10)
        #expect(try await agent.runtime.listPodSandboxes(SandboxFilter()).isEmpty)
        #expect(try await agent.runtime.listContainers(ContainerFilter()).isEmpty)
        #expect(try await agent.leaks() == [])
        let ended = await eventually(3) { Leftovers(of: agent).processes().isEmpty }
        #expect(ended, "\(Leftovers(of: agent).processes())")
      }
      let namespaces = made.withLock { $0 }.subtracting(own)
      #expect(namespaces.count >= 5)
      let released = await eventually(5) { Self.namespaces().isDisjoint(with: namespaces) }
      #expect(released, "still there: \(Self.namespaces().intersection(namespaces))")
      #expect(Self.mountCount() == mounts)
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
    /// - Returns: the namespaces it had.
    private static func cycle(_ agent: AgentFixture, _ index: Int) async throws -> Set<String> {
      let pod = try await agent.sandbox("soak\(index)")
      let container = try await pod.create("c", ["tick", "5"])
      if try await agent.status(container).state == .created { try await agent.runtime.startContainer(container) }
      _ = try await agent.exec(container, ["/payload", "hostname"])
      let namespaces = Self.namespaces(of: try await agent.hostPID(container))
      if index % 2 == 0 { try await agent.runtime.stopContainer(container, timeout: 0) }
      try await pod.remove()
      return namespaces
    }

    @Test("Static pods that come and go while the agent is killed at any moment run exactly once, or not at all", arguments: [UInt64(7)])
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
        let settled = try await eventually(30) {
          let running = try await agent.runtime.listContainers(ContainerFilter(state: .running))
          let sandboxes = try await agent.runtime.listPodSandboxes(SandboxFilter(state: .ready))
          return running.map { $0.labels["io.kubernetes.pod.name"] ?? "" }.sorted() == names
            && sandboxes.map(\.metadata.name).sorted() == names
        }
        let present = try await agent.runtime.listPodSandboxes(SandboxFilter()).map(\.metadata.name)
        #expect(settled, "wanted \(names), have \(present)")
        let processes = Leftovers(of: agent).processes().filter { $0.text.contains("/payload") }
        #expect(processes.count == names.count)
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
