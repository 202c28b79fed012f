import Cgroups
import Foundation
import Glibc
import LinuxSystem
import RuntimeAPI
import ShimCore
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

@Suite("Races of a pod's calls", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct RaceTests {
  @Test("A container whose process is killed while it is created has ended, can be removed, and its pod too")
  func killedInCreate() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      var hits = 0
      for attempt in 0..<60 where hits < 5 {
        let config = fixture.sandboxConfig("pod\(attempt)")
        let sandbox = try await runtime.runPodSandbox(config, handler: "")
        let parent = fixture.cgroups.cgroup(try await runtime.sandbox(sandbox).record.cgroupParent).directory
        let creation = Task { try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config) }
        let isOver = Mutex(false)
        // As soon as its cgroup has a process. True: before the creation was over.
        let killer = Task { () -> Bool in
          for _ in 0..<2000 {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            where name != sandbox.rawValue && name.count == 64 {
              if !RuntimeFixture.text("\(parent)/\(name)/cgroup.procs").isEmpty {
                let handle = FileHandle(forWritingAtPath: "\(parent)/\(name)/cgroup.kill")
                guard let handle, (try? handle.write(contentsOf: Data("1".utf8))) != nil else { return false }
                return !isOver.withLock { $0 }
              }
            }
            try? await Task.sleep(for: .microseconds(200))
          }
          return false
        }
        let id = try? await creation.value
        isOver.withLock { $0 = true }
        if await killer.value { hits += 1 }
        if let id {
          _ = try await eventually { try await runtime.container(id).machine.state == .exited }
          let status = try await runtime.containerStatus(id, verbose: false).status
          #expect(status.state == .exited && status.startedAt == 0, "\(status.state)")
          await #expect(throws: RuntimeError.self) { try await runtime.startContainer(id) }
        }
        try await runtime.removePodSandbox(sandbox)
      }
      #expect(hits == 5, "it was killed too late to show anything")
    }
  }

  @Test("Creating containers beside stopping and removing their sandbox leaves nothing, whoever comes first")
  func createAndStop() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      for round in 0..<15 {
        let config = Self.withoutPorts(fixture.sandboxConfig("pod\(round)"))
        let sandbox = try await runtime.runPodSandbox(config, handler: "")
        await withTaskGroup(of: Void.self) { group in
          for number in 0..<3 {
            group.addTask {
              if let id = try? await runtime.createContainer(
                fixture.containerConfig("c\(number)"), in: sandbox, sandboxConfig: config)
              {
                try? await runtime.startContainer(id)
              }
            }
          }
          group.addTask {
            try? await Task.sleep(for: .milliseconds(round * 2))
            if round % 2 == 0 { try? await runtime.stopPodSandbox(sandbox) }
            try? await runtime.removePodSandbox(sandbox)
          }
        }
        #expect(try await runtime.listPodSandboxes(SandboxFilter()).isEmpty)
        #expect(try await runtime.listContainers(ContainerFilter()).isEmpty)
        #expect(await fixture.leftovers() == [], "round \(round)")
      }
    }
  }

  @Test("A container that is removed by itself and with its sandbox at once is deleted once")
  func removedTwice() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let stream = try await runtime.events()
      for round in 0..<10 {
        let config = Self.withoutPorts(fixture.sandboxConfig("pod\(round)"))
        let sandbox = try await runtime.runPodSandbox(config, handler: "")
        let id = try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
        await withTaskGroup(of: Void.self) { group in
          group.addTask { try? await runtime.removeContainer(id) }
          group.addTask { try? await runtime.removePodSandbox(sandbox) }
        }
        try await runtime.removeContainer(id)
        try await runtime.removePodSandbox(sandbox)
        var deleted: [String] = []
        for await event in stream where event.kind == .deleted {
          deleted.append(event.containerID)
          if event.containerID == sandbox.rawValue { break }
        }
        #expect(deleted == [id.rawValue, sandbox.rawValue])
      }
    }
  }

  @Test("What is being made beside a look for leftovers is none")
  func leaksBesideCreations() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let isOver = Atomic(false)
      let looks = Task {
        var found: [NodeLeak] = []
        while !isOver.load(ordering: .relaxed) { found += try await runtime.leaks() }
        return found
      }
      for round in 0..<15 {
        let config = Self.withoutPorts(fixture.sandboxConfig("pod\(round)"))
        let sandbox = try await runtime.runPodSandbox(config, handler: "")
        _ = try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
        try await runtime.removePodSandbox(sandbox)
      }
      isOver.store(true, ordering: .relaxed)
      #expect(try await looks.value == [])
    }
  }

  private static func withoutPorts(_ config: SandboxConfig) -> SandboxConfig {
    var config = config
    config.portMappings = []
    return config
  }

  @Test("A fact of a container beside a look-up that asks it: neither waits for the other's lock while it holds its own")
  func locks() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let (_, sandbox, id) = try await fixture.runningPod()
      let container = try await runtime.container(id)
      let isLookedUp = Monitored(false)
      let lookUp = Task {
        await runBlocking { () throws(Never) in
          runtime.state.withLock { registry in
            isLookedUp.broadcast { $0 = true }
            // Time for the fact to take the container's lock.
            usleep(200_000)
            guard case .one = registry.container(id.rawValue) else { preconditionFailure("not there") }
          }
        }
      }
      await runBlocking { () throws(Never) in
        _ = isLookedUp.wait { $0 ? true : nil }
        runtime.apply(.ended(ContainerEnd(finishedAt: 2, exitCode: 1, reason: "Error")), to: container)
      }
      await lookUp.value
      #expect(try await runtime.containerStatus(id, verbose: false).status.state == .exited)
      try await runtime.removePodSandbox(sandbox)
    }
  }

  @Test("Events of short lives: created, started, stopped, deleted, each once and in this order; podshim forgets what was undone")
  func events() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let stream = try await runtime.events()
      let config = fixture.sandboxConfig()
      let sandbox = try await runtime.runPodSandbox(config, handler: "")
      for number in 0..<10 {
        var container = fixture.containerConfig("c\(number)")
        container.args = ["hostname"]
        let id = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
        try await runtime.startContainer(id)
        _ = await (try await runtime.container(id)).exited.wait(atMost: .seconds(60))
        try await runtime.removeContainer(id)
      }
      let failing = fixture.containerConfig("failing")
      await Faults.$plan.withValue(FaultPlan(.containerCreated)) {
        _ = try? await runtime.createContainer(failing, in: sandbox, sandboxConfig: config)
      }
      let link = try #require(try await runtime.sandbox(sandbox).link)
      let isForgotten = try await eventually {
        guard case .processes(let all) = try await link.call(.list).reply else { return false }
        return all.map(\.id) == [""]
      }
      #expect(isForgotten, "podshim still knows what was undone")
      try await runtime.removePodSandbox(sandbox)
      var kinds: [String: [RuntimeEvent.Kind]] = [:]
      var sequence: UInt64 = 0
      for await event in stream {
        #expect(event.sequence == sequence + 1)
        sequence = event.sequence
        kinds[event.containerID, default: []].append(event.kind)
        if event.kind == .deleted { #expect(!event.containers.contains { $0.id.rawValue == event.containerID }) }
        if event.containerID == sandbox.rawValue, event.kind == .deleted { break }
      }
      #expect(kinds.count == 11)
      for (id, kinds) in kinds { #expect(kinds == [.created, .started, .stopped, .deleted], "\(id)") }
    }
  }
}
