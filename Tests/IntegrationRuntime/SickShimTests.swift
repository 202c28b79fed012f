import Foundation
import Glibc
import LinuxSystem
import RuntimeAPI
import ShimCore
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

/// One podshim that is stopped, killed or slow costs its own pod only.
@Suite("Sick podshims", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct SickShimTests {
  private static func running(_ fixture: RuntimeFixture, _ name: String) async throws -> (SandboxID, ContainerID, Int32) {
    let pod = try await fixture.runningPod(name) { $0.portMappings = [] }
    return (pod.sandbox, pod.container, try #require(try await fixture.runtime.sandbox(pod.sandbox).link?.pid))
  }

  @Test(
    "A stopped podshim: calls end, other pods work, the next start serves, the pod is shown not ready and is back when it goes on")
  func stopped() async throws {
    try await RuntimeFixture.with { fixture in
      let (sick, container, pid) = try await Self.running(fixture, "sick")
      let (well, other, _) = try await Self.running(fixture, "well")
      kill(pid, SIGSTOP)
      defer { kill(pid, SIGCONT) }
      await #expect(throws: RuntimeError.self) { try await fixture.runtime.reopenContainerLog(container) }
      #expect(try await fixture.runtime.execSync(other, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)

      // It serves before anybody has answered, and the well pod waits for its own podshim only.
      let restart = ContinuousClock.now
      let successor = try await fixture.successor(recovers: false, patience: .seconds(86_400))
      #expect(try await successor.podSandboxStatus(well, verbose: false).status.state == .ready)
      // The stopped one is given up after a second: on a busy machine that may be over.
      #expect(!successor.recovered.isOpen || restart.duration(to: .now) > .seconds(1))
      var third = fixture.sandboxConfig("third")
      third.portMappings = []
      let new = try await successor.runPodSandbox(third, handler: "")
      try await successor.removePodSandbox(new)
      // A stopped process is seen to be stopped: nobody waits for it as for one that is slow.
      #expect(try await successor.listPodSandboxes(SandboxFilter()).count == 2)
      #expect(try await successor.podSandboxStatus(sick, verbose: false).status.state == .notReady)
      #expect(try await successor.podSandboxStatus(well, verbose: false).status.state == .ready)
      #expect(try await successor.execSync(other, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      kill(pid, SIGCONT)
      #expect(try await eventually { try await successor.podSandboxStatus(sick, verbose: false).status.state == .ready })
      #expect(try await successor.containerStatus(container, verbose: false).status.state == .running)
      #expect(try await successor.execSync(container, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      try await successor.removePodSandbox(sick)
      try await successor.removePodSandbox(well)
    }
  }

  @Test("A podshim that was stopped over many restarts of the agent, so that it accepts no connection, is reached when it goes on")
  func abandonedConnections() async throws {
    try await RuntimeFixture.with { fixture in
      let (sick, container, pid) = try await Self.running(fixture, "sick")
      let directory = fixture.runtime.settings.sandboxDirectory(sick.rawValue)
      kill(pid, SIGSTOP)
      defer { kill(pid, SIGCONT) }
      // Those of agents that died.
      var refused = false
      for _ in 0..<64 where !refused {
        do throws(SystemCallError) {
          try UnixStream.connect(directory: directory, name: "shim.sock").send(
            ShimFrame.encode(ShimRequest.hello(version: 1), id: 1, descriptorCount: 0))
        } catch { refused = error.code == EAGAIN }
      }
      #expect(refused, "nobody was turned away: nothing is tried here")
      let successor = try await fixture.successor()
      #expect(try await successor.podSandboxStatus(sick, verbose: false).status.state == .notReady)
      kill(pid, SIGCONT)
      #expect(try await eventually { try await successor.podSandboxStatus(sick, verbose: false).status.state == .ready })
      #expect(try await successor.execSync(container, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      try await successor.removePodSandbox(sick)
    }
  }

  @Test("A pod with a stopped podshim can be stopped and removed, and nothing of it lives on")
  func stopOfStopped() async throws {
    try await RuntimeFixture.with { fixture in
      let (sandbox, container, pid) = try await Self.running(fixture, "sick")
      kill(pid, SIGSTOP)
      try await fixture.runtime.stopPodSandbox(sandbox)
      #expect(kill(pid, 0) != 0 || RuntimeFixture.text("/proc/\(pid)/stat").contains(") Z "))
      let status = try await fixture.runtime.containerStatus(container, verbose: false).status
      #expect(status.state == .exited && status.exitCode == 137)
      try await fixture.runtime.removePodSandbox(sandbox)
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("A command that waits in a pod with a stopped podshim ends for its caller when the pod is stopped")
  func execInStopped() async throws {
    try await RuntimeFixture.with { fixture in
      let (sandbox, container, pid) = try await Self.running(fixture, "sick")
      let runtime = fixture.runtime
      let exec = Task { try await runtime.execSync(container, command: ["/payload", "sleep", "300"], timeout: 0) }
      let spawned = try await eventually {
        try await runtime.sandbox(sandbox).execs.withLock { $0.values.contains { $0.isSpawned } }
      }
      #expect(spawned)
      kill(pid, SIGSTOP)
      try await runtime.stopPodSandbox(sandbox)
      let error = await #expect(throws: RuntimeError.self) { try await exec.value }
      #expect(error?.code == .unavailable)
      try await runtime.removePodSandbox(sandbox)
    }
  }

  @Test(
    "A podshim that is killed ends the exec that waits in it, kills its containers and makes the sandbox not ready",
    arguments: [0, 86_400])
  func killedInExec(_ timeout: Int64) async throws {
    try await RuntimeFixture.with { fixture in
      let (sandbox, container, pid) = try await Self.running(fixture, "pod")
      let runtime = fixture.runtime
      let exec = Task { try await runtime.execSync(container, command: ["/payload", "sleep", "300"], timeout: timeout) }
      #expect(try await eventually { try await runtime.sandbox(sandbox).execs.withLock { $0.values.contains { $0.isSpawned } } })
      kill(pid, SIGKILL)
      let error = await #expect(throws: RuntimeError.self) { try await exec.value }
      #expect(error?.code == .unavailable)
      #expect(try await eventually { try await runtime.containerStatus(container, verbose: false).status.state == .exited })
      #expect(try await runtime.podSandboxStatus(sandbox, verbose: false).status.state == .notReady)
      try await runtime.removePodSandbox(sandbox)
    }
  }

  @Test("Another client that says hello to podshim does not make the agent believe that it is dead")
  func evicted() async throws {
    try await RuntimeFixture.with { fixture in
      let (sandbox, container, _) = try await Self.running(fixture, "pod")
      let runtime = fixture.runtime
      for _ in 0..<3 {
        let stream = try UnixStream.connect(directory: runtime.settings.sandboxDirectory(sandbox.rawValue), name: "shim.sock")
        let thief = try ShimConnection(stream, handlers: .init(event: { _ in }, listed: { _ in }, late: {}, ended: {}))
        try thief.begin()
        _ = try await thief.call(.hello(version: 1), until: .now + .seconds(60))
        thief.end()
      }
      #expect(try await runtime.execSync(container, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      #expect(try await runtime.podSandboxStatus(sandbox, verbose: false).status.state == .ready)
      try await runtime.stopContainer(container, timeout: 0)
      #expect(try await runtime.containerStatus(container, verbose: false).status.exitCode == 137)
      try await runtime.removePodSandbox(sandbox)
    }
  }
}
