import Glibc
import LinuxSystem
import RuntimeAPI
import Synchronization
import Testing

@testable import PodRuntime

@Suite("Taking over", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(2)))
struct TakeoverTests {
  @Test("A start that was recorded but not sent before the agent died can be asked for again")
  func interruptedStart() async throws {
    try await RuntimeFixture.with { fixture in
      let config = fixture.sandboxConfig()
      let sandbox = try await fixture.runtime.runPodSandbox(config, handler: "")
      let id = try await fixture.runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
      let container = try fixture.runtime.container(id)
      try fixture.runtime.save(
        container.update { record in
          record.phase = .starting
          record.startedAt = 1
        })
      let successor = try await fixture.successor()
      let status = try await successor.containerStatus(id, verbose: false).status
      #expect(status.state == .created && status.startedAt == 0)
      try await successor.startContainer(id)
      #expect(try await successor.execSync(id, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      try await successor.removePodSandbox(sandbox)
    }
  }

  @Test(
    "What was half made when the agent died is undone at the next start", arguments: [FaultPoint.sandboxReady, .containerCreated])
  func halfMade(_ point: FaultPoint) async throws {
    try await RuntimeFixture.with { fixture in
      let config = fixture.sandboxConfig()
      let sandbox = try await fixture.runtime.runPodSandbox(config, handler: "")
      // As if the last write had never happened.
      if point == .sandboxReady {
        try fixture.runtime.save(fixture.runtime.sandbox(sandbox).update { $0.phase = .creating })
      } else {
        let id = try await fixture.runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
        try fixture.runtime.save(fixture.runtime.container(id).update { $0.phase = .creating })
      }
      let successor = try await fixture.successor()
      #expect(try await successor.listContainers(ContainerFilter()).isEmpty)
      #expect(try await successor.listPodSandboxes(SandboxFilter()).count == (point == .sandboxReady ? 0 : 1))
      let leftovers = await fixture.leftovers(except: point == .sandboxReady ? [] : [sandbox.rawValue])
      #expect(leftovers == [])
      let again = try await successor.runPodSandbox(config, handler: "")
      let container = try await successor.createContainer(fixture.containerConfig(), in: again, sandboxConfig: config)
      try await successor.startContainer(container)
      try await successor.removePodSandbox(again)
    }
  }
}
