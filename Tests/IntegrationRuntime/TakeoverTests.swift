import Glibc
import LinuxSystem
import RuntimeAPI
import ShimCore
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

@Suite("Taking over", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct TakeoverTests {
  @Test("A container whose start was never asked for can be started by the next agent")
  func interruptedStart() async throws {
    try await RuntimeFixture.with { fixture in
      let config = fixture.sandboxConfig()
      let sandbox = try await fixture.runtime.runPodSandbox(config, handler: "")
      let id = try await fixture.runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
      let successor = try await fixture.successor()
      let status = try await successor.containerStatus(id, verbose: false).status
      #expect(status.state == .created && status.startedAt == 0)
      // The same request is a retry; another one with its name is not.
      #expect(try await successor.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config) == id)
      var other = fixture.containerConfig()
      other.args = ["other"]
      await #expect(throws: RuntimeError.self) { try await successor.createContainer(other, in: sandbox, sandboxConfig: config) }
      try await successor.startContainer(id)
      #expect(try await successor.execSync(id, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      let again = try await fixture.successor(of: successor)
      let running = try await again.containerStatus(id, verbose: false).status
      #expect(running.state == .running && running.startedAt > 0 && running.pid > 0)
      try await again.removePodSandbox(sandbox)
    }
  }

  @Test(
    "A start that was under way when its agent died, or when the connection broke: it runs once, and is shown to run",
    arguments: [true, false])
  func startUnderway(_ isAnotherAgent: Bool) async throws {
    try await RuntimeFixture.with { fixture in
      let config = fixture.sandboxConfig()
      let sandbox = try await fixture.runtime.runPodSandbox(config, handler: "")
      let id = try await fixture.runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
      let pid = try await fixture.runtime.container(id).machine.pid
      let link = try #require(try await fixture.runtime.sandbox(sandbox).link)
      // It cannot go on to its exec, so that podshim has nothing to answer.
      kill(pid, SIGSTOP)
      defer { kill(pid, SIGCONT) }
      let first = Task { try await fixture.runtime.startContainer(id) }
      let isUnderway = try await eventually {
        guard case .processes(let entries) = try await link.call(.list).reply else { return false }
        return entries.contains { $0.id == id.rawValue && $0.exit.startedAt != 0 }
      }
      #expect(isUnderway)
      let runtime = isAnotherAgent ? try await fixture.successor() : fixture.runtime
      if !isAnotherAgent { link.breakConnection() }
      await #expect(throws: RuntimeError.self) { try await first.value }
      #expect(try await runtime.containerStatus(id, verbose: false).status.state == .created)
      // The kubelet asks again; nothing is killed, and nothing begins a second time.
      let again = Task { try await runtime.startContainer(id) }
      try await Task.sleep(for: .milliseconds(300))
      kill(pid, SIGCONT)
      if isAnotherAgent {
        try await again.value
      } else {
        // This agent knows that it has asked already; what becomes of it is told by podshim's list.
        _ = try? await again.value
      }
      #expect(try await eventually { try await runtime.containerStatus(id, verbose: false).status.state == .running })
      let status = try await runtime.containerStatus(id, verbose: false).status
      #expect(status.state == .running && status.pid == pid)
      #expect(try await runtime.execSync(id, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      try await runtime.removePodSandbox(sandbox)
    }
  }

  @Test("A creation that was interrupted before its transaction: what podshim has made is taken over, what it has not is forgotten")
  func halfMade() async throws {
    try await RuntimeFixture.with { fixture in
      let config = fixture.sandboxConfig()
      let sandbox = try await fixture.runtime.runPodSandbox(config, handler: "")
      let id = try await fixture.runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
      // As if the agent had died after podshim made the process.
      let records = fixture.runtime.records
      let directory = fixture.runtime.settings.sandboxDirectory(sandbox.rawValue)
      try await records.write { try records.remove(id, $0) }
      // And in another creation, before podshim was asked.
      var unmade = try await fixture.runtime.container(id).record
      unmade.id = ContainerID(Identifier.random())
      unmade.config.metadata.name = "unmade"
      unmade.cgroup += "-unmade"
      try writePrivateFile("\(directory)/\(ContainerRecord.file(of: unmade.id))", try unmade.bytes())
      let successor = try await fixture.successor()
      #expect(try await eventually { try await successor.listContainers(ContainerFilter()).map(\.id) == [id] })
      #expect(await fixture.leftovers(except: [sandbox.rawValue, id.rawValue]) == [])
      #expect(try await successor.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config) == id)
      try await successor.startContainer(id)
      // A sandbox before its transaction: nobody was told of it.
      var begun = try await successor.sandbox(sandbox).record
      begun.isMade = false
      begun.addresses = []
      try writePrivateFile("\(directory)/\(SandboxRecord.file)", try begun.bytes())
      try await records.write { try records.remove(sandbox, $0) }
      let third = try await fixture.successor(of: successor)
      #expect(try await third.listPodSandboxes(SandboxFilter()).isEmpty)
      #expect(await fixture.leftovers() == [])
      _ = try await third.runPodSandbox(config, handler: "")
      for sandbox in try await third.listPodSandboxes(SandboxFilter()) { try await third.removePodSandbox(sandbox.id) }
    }
  }
}
