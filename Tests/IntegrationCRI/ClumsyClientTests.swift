import CRIClient
import Foundation
import Glibc
import RuntimeAPI
import Testing
import TestSupport

/// Clients that ask for everything at once, give up in the middle, or read nothing. Whatever they do, a name is had once, the pod ends as
/// it was asked to, and nothing stays behind (the fixture looks at the end).
@Suite("Clumsy clients", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct ClumsyClientTests {
  @Test("200 at once who run the same pod get one pod")
  func sameName() async throws {
    try await RuntimeAgent.with { agent in
      var config = agent.sandboxConfig
      config.metadata.uid = "same"
      let wanted = config
      let ids = try await withThrowingTaskGroup(of: SandboxID.self) { group in
        for _ in 0..<200 { group.addTask { try await agent.runtime.runPodSandbox(wanted, handler: "") } }
        return try await group.reduce(into: Set<SandboxID>()) { $0.insert($1) }
      }
      #expect(ids.count == 1)
      let listed = try await agent.runtime.listPodSandboxes(SandboxFilter()).filter { $0.metadata == wanted.metadata }
      #expect(listed.map(\.id) == Array(ids))
      // And one container, and one start of it.
      let made = try await withThrowingTaskGroup(of: ContainerID.self) { group in
        for _ in 0..<50 { group.addTask { try await agent.create("c", "echo once; exec sleep 1000") } }
        return try await group.reduce(into: Set<ContainerID>()) { $0.insert($1) }
      }
      let container = try #require(made.count == 1 ? made.first : nil)
      let starts = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<50 {
          group.addTask { (try? await agent.runtime.startContainer(container)) != nil }
        }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(starts >= 1)
      let log = "\(agent.base)/logs/c.log"
      #expect(await eventually { (try? String(contentsOfFile: log, encoding: .utf8))?.contains("once") ?? false })
      let text = try String(contentsOfFile: log, encoding: .utf8)
      #expect(text.components(separatedBy: "once").count == 2, "\(text)")
    }
  }

  @Test("create, start, stop and remove of one name, from all sides at once, end in what the last one alone says")
  func everything() async throws {
    try await RuntimeAgent.with { agent in
      for round in 0..<10 {
        await withTaskGroup(of: Void.self) { group in
          for kind in 0..<40 {
            group.addTask {
              let id = (try? await agent.create("c")) ?? ContainerID("absent")
              switch kind % 4 {
              case 0: _ = try? await agent.runtime.startContainer(id)
              case 1: _ = try? await agent.runtime.stopContainer(id, timeout: 0)
              case 2: _ = try? await agent.runtime.removeContainer(id)
              default: _ = try? await agent.runtime.execSync(id, command: ["true"], timeout: 5)
              }
            }
          }
        }
        let left = try await agent.runtime.listContainers(ContainerFilter())
        #expect(left.count <= 1, "round \(round): \(left.map(\.id))")
        for container in left { try await agent.runtime.removeContainer(container.id) }
        let id = try await agent.start("c")
        #expect(try await agent.exec(id, "echo alive") == "alive")
        try await agent.runtime.removeContainer(id)
      }
    }
  }

  @Test("sandboxes that are run, stopped and removed from all sides at once leave nothing that runs")
  func sandboxes() async throws {
    try await RuntimeAgent.with { agent in
      for round in 0..<5 {
        var config = agent.sandboxConfig
        config.metadata.uid = "u\(round)"
        let wanted = config
        await withTaskGroup(of: Void.self) { group in
          for kind in 0..<30 {
            group.addTask {
              let id = (try? await agent.runtime.runPodSandbox(wanted, handler: "")) ?? SandboxID("absent")
              switch kind % 3 {
              case 0: _ = try? await agent.runtime.stopPodSandbox(id)
              case 1: _ = try? await agent.runtime.removePodSandbox(id)
              default: _ = try? await agent.runtime.podSandboxStatus(id, verbose: true)
              }
            }
          }
        }
        for left in try await agent.runtime.listPodSandboxes(SandboxFilter()) where left.metadata == wanted.metadata {
          try await agent.runtime.removePodSandbox(left.id)
        }
        let again = try await agent.runtime.runPodSandbox(wanted, handler: "")
        try await agent.runtime.removePodSandbox(again)
      }
      #expect(try await agent.runtime.listPodSandboxes(SandboxFilter()).map(\.id) == [agent.sandbox])
    }
  }

  @Test("callers who give up at any moment leave a pod that can be asked for again, and removed")
  func cancelled() async throws {
    try await RuntimeAgent.with { agent in
      // Spread over the whole way of a pod: each call is given up a little later than the one before.
      for step in 0..<40 {
        var config = agent.sandboxConfig
        config.metadata.uid = "step\(step)"
        let wanted = config
        let way = Task {
          let id = try await agent.runtime.runPodSandbox(wanted, handler: "")
          let container = ContainerConfig(
            metadata: ContainerMetadata(name: "c"), image: ImageSpec(image: "localhost/busybox:latest"),
            command: ["sh", "-c", "exec sleep 1000"])
          let made = try await agent.runtime.createContainer(container, in: id, sandboxConfig: wanted)
          try await agent.runtime.startContainer(made)
          _ = try await agent.runtime.execSync(made, command: ["sleep", "1000"], timeout: 0)
        }
        try await Task.sleep(for: .milliseconds(step * 3))
        way.cancel()
        _ = await way.result
        let id = try await agent.runtime.runPodSandbox(wanted, handler: "")
        try await agent.runtime.stopPodSandbox(id)
        try await agent.runtime.removePodSandbox(id)
      }
      #expect(try await agent.runtime.listContainers(ContainerFilter()).isEmpty)
      #expect(try await agent.runtime.listPodSandboxes(SandboxFilter()).map(\.id) == [agent.sandbox])
    }
  }
}
