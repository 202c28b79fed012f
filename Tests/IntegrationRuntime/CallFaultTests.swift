import Cgroups
import Glibc
import LinuxSystem
import RuntimeAPI
import ShimCore
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

/// Each request to podshim is lost, answered too late, or the last one that podshim gets or answers. Whatever happens: the call ends, no
/// container starts twice, and the pod can be removed with all that is its own.
@Suite("Requests to podshim that go wrong", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct CallFaultTests {
  /// What `body` threw, with `fault` happening to its request; fails when it happened to none.
  private static func calling(_ word: String, _ fault: CallFault, _ body: () async throws -> Void) async -> RuntimeError? {
    let plan = FaultPlan(call: word, fault)
    let error = await FaultTests.failing(plan, body)
    #expect(plan.fired == ["\(word) \(fault)"])
    return error
  }

  private static func sandbox(_ fixture: RuntimeFixture, _ name: String = "pod") async throws -> (SandboxConfig, SandboxID) {
    let config = fixture.sandboxConfig(name)
    return (config, try await fixture.runtime.runPodSandbox(config, handler: ""))
  }

  private static func running(_ fixture: RuntimeFixture) async throws -> (SandboxID, ContainerID) {
    let (_, sandbox, container) = try await fixture.runningPod()
    return (sandbox, container)
  }

  private static func isDeath(_ fault: CallFault) -> Bool { fault == .deathBefore || fault == .deathAfter }

  @Test("RunPodSandbox leaves a sandbox or nothing, and the next try makes it", arguments: CallFault.allCases)
  func run(_ fault: CallFault) async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let config = fixture.sandboxConfig()
      let error = await Self.calling("spawn", fault) { _ = try await runtime.runPodSandbox(config, handler: "") }
      let made = try await runtime.listPodSandboxes(SandboxFilter())
      // One that died as it was made may be there, as not ready, when the call succeeded.
      #expect(error == nil || made.isEmpty)
      if fault != .deathAfter { #expect(error != nil) }
      for sandbox in made { try await runtime.removePodSandbox(sandbox.id) }
      #expect(await fixture.leftovers() == [])
      let (_, again) = try await Self.sandbox(fixture)
      #expect(try await runtime.podSandboxStatus(again, verbose: false).status.state == .ready)
      try await runtime.removePodSandbox(again)
    }
  }

  @Test("CreateContainer leaves a container or nothing, and podshim forgets what was given up", arguments: CallFault.allCases)
  func create(_ fault: CallFault) async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let (config, sandbox) = try await Self.sandbox(fixture)
      let error = await Self.calling("spawn", fault) {
        _ = try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
      }
      if fault != .deathAfter { #expect(error != nil) }
      if error != nil { #expect(try await runtime.listContainers(ContainerFilter()).isEmpty) }
      if !Self.isDeath(fault) {
        #expect(await fixture.leftovers(except: [sandbox.rawValue]) == [])
        let link = try #require(try await runtime.sandbox(sandbox).link)
        #expect(
          try await eventually {
            guard case .processes(let all) = try await link.call(.list).reply else { return false }
            return all.map(\.id) == [""]
          })
        let id = try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
        try await runtime.startContainer(id)
        #expect(try await runtime.execSync(id, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      }
      try await runtime.removePodSandbox(sandbox)
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("StartContainer starts a container once, however often it is asked", arguments: CallFault.allCases)
  func start(_ fault: CallFault) async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let (config, sandbox) = try await Self.sandbox(fixture)
      var container = fixture.containerConfig()
      container.args = ["hostname"]
      let id = try await runtime.createContainer(container, in: sandbox, sandboxConfig: config)
      let error = await Self.calling("start", fault) { try await runtime.startContainer(id) }
      if fault != .deathAfter { #expect(error != nil) }
      // As a caller does that was not answered; it may be refused, as the container may have run already.
      for _ in 0..<3 where !Self.isDeath(fault) { try? await runtime.startContainer(id) }
      #expect(
        try await eventually {
          for _ in 0..<2 { try? await runtime.startContainer(id) }
          return try await runtime.containerStatus(id, verbose: false).status.state == .exited
        })
      let lines = RuntimeFixture.text("\(fixture.base)/logs/c.log").split(separator: "\n")
      if Self.isDeath(fault) { #expect(lines.count <= 1) } else { #expect(lines.count == 1, "\(lines)") }
      try await runtime.removePodSandbox(sandbox)
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("an exec whose streams cannot be handed over does not run on")
  func streams() async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let (sandbox, id) = try await Self.running(fixture)
      let request = ExecRequest(
        container: id, command: ["/payload", "sleep", "600"], streams: StreamChoice(stdin: true, stderr: false, tty: true))
      #expect(await FaultTests.failing(FaultPlan(.execStreams, .before)) { _ = try await runtime.openExec(request) } != nil)
      #expect(try await runtime.sandbox(sandbox).execs.withLock { $0.isEmpty })
      let cgroup = fixture.cgroups.mountPoint + (try await runtime.container(id).record.cgroup)
      #expect(
        await eventually { ((try? listDirectory(cgroup)) ?? []).allSatisfy { !$0.hasPrefix("exec-") } }, "its cgroup is there")
      try await runtime.removePodSandbox(sandbox)
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("ExecSync leaves no process and no cgroup, and the next one works", arguments: CallFault.allCases)
  func exec(_ fault: CallFault) async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let (sandbox, id) = try await Self.running(fixture)
      let error = await Self.calling("spawn", fault) {
        _ = try await runtime.execSync(id, command: ["/payload", "sleep", "600"], timeout: 0)
      }
      #expect(error != nil)
      #expect(try await runtime.sandbox(sandbox).execs.withLock { $0.isEmpty })
      let cgroup = fixture.cgroups.mountPoint + (try await runtime.container(id).record.cgroup)
      #expect(
        await eventually { ((try? listDirectory(cgroup)) ?? []).allSatisfy { !$0.hasPrefix("exec-") } }, "its cgroup is there")
      if !Self.isDeath(fault) {
        #expect(try await runtime.execSync(id, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      }
      try await runtime.removePodSandbox(sandbox)
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("StopContainer ends the container, with and without a grace period", arguments: CallFault.allCases, [0, 2])
  func stop(_ fault: CallFault, timeout: Int64) async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let (sandbox, id) = try await Self.running(fixture)
      let pid = try await runtime.container(id).machine.pid
      _ = await Self.calling("signal", fault) { try await runtime.stopContainer(id, timeout: timeout) }
      // A kubelet asks until it is told that all is well.
      try await runtime.stopContainer(id, timeout: timeout)
      #expect(kill(pid, 0) != 0 || RuntimeFixture.text("/proc/\(pid)/stat").contains(") Z "))
      #expect(try await runtime.containerStatus(id, verbose: false).status.state == .exited)
      try await runtime.removePodSandbox(sandbox)
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("StopPodSandbox ends the pod", arguments: CallFault.allCases)
  func stopSandbox(_ fault: CallFault) async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let (sandbox, id) = try await Self.running(fixture)
      _ = await Self.calling("shutdown", fault) { try await runtime.stopPodSandbox(sandbox) }
      try await runtime.stopPodSandbox(sandbox)
      #expect(try await runtime.containerStatus(id, verbose: false).status.state == .exited)
      #expect(try await runtime.podSandboxStatus(sandbox, verbose: false).status.state == .notReady)
      try await runtime.removePodSandbox(sandbox)
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("ReopenContainerLog fails alone", arguments: CallFault.allCases)
  func reopen(_ fault: CallFault) async throws {
    try await RuntimeFixture.with { fixture in
      let runtime = fixture.runtime
      let (sandbox, id) = try await Self.running(fixture)
      let error = await Self.calling("reopen log", fault) { try await runtime.reopenContainerLog(id) }
      if fault != .deathAfter { #expect(error != nil) }
      if !Self.isDeath(fault) {
        try await runtime.reopenContainerLog(id)
        #expect(try await runtime.containerStatus(id, verbose: false).status.state == .running)
      }
      try await runtime.removePodSandbox(sandbox)
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("An agent that starts takes over what lives", arguments: CallFault.allCases)
  func recovery(_ fault: CallFault) async throws {
    try await RuntimeFixture.with { fixture in
      let (sandbox, id) = try await Self.running(fixture)
      var next: PodRuntime?
      _ = await Self.calling("namespaces", fault) { next = try await fixture.successor() }
      let successor = try #require(next)
      if Self.isDeath(fault) {
        #expect(try await eventually { try await successor.podSandboxStatus(sandbox, verbose: false).status.state == .notReady })
        #expect(try await eventually { try await successor.containerStatus(id, verbose: false).status.state == .exited })
      } else {
        #expect(try await successor.podSandboxStatus(sandbox, verbose: false).status.state == .ready)
        #expect(try await successor.execSync(id, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      }
      try await successor.removePodSandbox(sandbox)
      #expect(await fixture.leftovers() == [])
    }
  }
}
