import Foundation
import Glibc
import LinuxSystem
import PodNetwork
import RuntimeAPI
import Store
import TestSupport
import Testing

@testable import PodRuntime

/// The database lies, or is gone: no pod runs twice; what the files beside podshims explain goes on, and nothing else does.
@Suite("Lost state", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct LostStateTests {
  private static func pod(_ fixture: RuntimeFixture, _ name: String, in runtime: PodRuntime? = nil) async throws -> (
    SandboxID, ContainerID
  ) {
    let runtime = runtime ?? fixture.runtime
    var config = fixture.sandboxConfig(name)
    config.portMappings = []
    let sandbox = try await runtime.runPodSandbox(config, handler: "")
    let id = try await runtime.createContainer(fixture.containerConfig(), in: sandbox, sandboxConfig: config)
    try await runtime.startContainer(id)
    return (sandbox, id)
  }

  @Test("An emptied database costs no pod: the next agent takes them over, with their networks, and starts none twice")
  func emptied() async throws {
    try await RuntimeFixture.with { fixture in
      let config = fixture.sandboxConfig("one")
      let one = try await fixture.runtime.runPodSandbox(config, handler: "")
      let running = try await fixture.runtime.createContainer(fixture.containerConfig(), in: one, sandboxConfig: config)
      try await fixture.runtime.startContainer(running)
      let made = try await fixture.runtime.createContainer(fixture.containerConfig("made"), in: one, sandboxConfig: config)
      var short = fixture.containerConfig("short")
      short.args = ["exit", "7"]
      let ended = try await fixture.runtime.createContainer(short, in: one, sandboxConfig: config)
      try await fixture.runtime.startContainer(ended)
      _ = await (try await fixture.runtime.container(ended)).exited.wait(atMost: .seconds(10))
      try await fixture.runtime.updateContainerResources(running, LinuxResources(cpuShares: 512))
      let (two, _) = try await Self.pod(fixture, "two")
      let before = try await fixture.runtime.containerStatus(running, verbose: false).status
      let addresses = try await fixture.runtime.podSandboxStatus(one, verbose: false).status.ip

      let network = try await fixture.forgetEverything()
      let successor = try await fixture.successor(network: network)
      #expect(Set(try await successor.listPodSandboxes(SandboxFilter()).map(\.id)) == [one, two])
      #expect(try await successor.listPodSandboxes(SandboxFilter(state: .ready)).count == 2)
      let after = try await successor.containerStatus(running, verbose: true).status
      #expect(after.pid == before.pid && after.startedAt == before.startedAt && after.state == .running)
      #expect(after.resources?.cpuShares == 512 && after.user == before.user)
      #expect(try await successor.execSync(running, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      #expect(try await successor.containerStatus(ended, verbose: false).status.exitCode == 7)
      // Asked for again, each is the one that is there.
      #expect(try await successor.runPodSandbox(config, handler: "") == one)
      #expect(try await successor.createContainer(fixture.containerConfig(), in: one, sandboxConfig: config) == running)
      try await successor.startContainer(made)
      #expect(try await successor.containerStatus(made, verbose: false).status.state == .running)
      // Neither its address nor its host port is anybody else's, and its port is open.
      #expect(network.owners.sorted() == [one.rawValue, two.rawValue].sorted())
      var rival = fixture.sandboxConfig("rival")
      await #expect(throws: RuntimeError.self) { try await successor.runPodSandbox(rival, handler: "") }
      rival.portMappings = []
      let third = try await successor.runPodSandbox(rival, handler: "")
      #expect(try await successor.podSandboxStatus(third, verbose: false).status.ip != addresses)
      #expect(try await successor.leaks().filter { $0.kind != "process" }.isEmpty)
      // And what was lost is written again: the next start finds it there.
      let again = try await fixture.successor(of: successor, network: network)
      #expect(try await again.execSync(running, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      for sandbox in [one, two, third] { try await again.removePodSandbox(sandbox) }
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("Without row and without file a pod is ended at the next start, and can be made again")
  func unexplained() async throws {
    try await RuntimeFixture.with { fixture in
      let (one, _) = try await Self.pod(fixture, "one")
      _ = try await Self.pod(fixture, "two")
      try FileManager.default.removeItem(atPath: "\(fixture.runtime.settings.sandboxDirectory(one.rawValue))")
      let network = try await fixture.forgetEverything()
      for name in try FileManager.default.contentsOfDirectory(atPath: "\(fixture.base)/state/sandboxes") {
        try FileManager.default.removeItem(atPath: "\(fixture.base)/state/sandboxes/\(name)/record")
      }
      let successor = try await fixture.successor(recovers: false, network: network)
      // At once: what runs under its name ends first.
      let (again, _) = try await Self.pod(fixture, "one", in: successor)
      #expect(try await successor.listPodSandboxes(SandboxFilter()).map(\.id) == [again])
      try await successor.removePodSandbox(again)
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("A container that calls itself podshim, in a place called like a sandbox's directory, is no podshim")
  func impostor() async throws {
    try await RuntimeFixture.with { fixture in
      let sandboxes = "\(fixture.base)/state/sandboxes"
      let config = fixture.sandboxConfig()
      let sandbox = try await fixture.runtime.runPodSandbox(config, handler: "")
      // A directory above, a sandbox that may have been, and one's own.
      let names = [". (deleted)", String(repeating: "a", count: 64), sandbox.rawValue]
      var pids: [Int32] = []
      for (index, name) in names.enumerated() {
        var container = fixture.containerConfig("c\(index)")
        container.workingDirectory = "\(sandboxes)/\(name)"
        container.args = ["pretend", "podshim"]
        // Even with the host's root for its own.
        if index > 0 { container.mounts = [Mount(containerPath: "/host", hostPath: "/", readOnly: true)] }
        if index == 2 { container.args.append("/host") }
        let id = try await fixture.runtime.createContainer(container, in: sandbox, sandboxConfig: config)
        try await fixture.runtime.startContainer(id)
        let pid = try await fixture.runtime.container(id).machine.pid
        #expect(await eventually { (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) == "podshim\n" })
        pids.append(pid)
      }
      let found = try ShimProcess.all(in: sandboxes)
      #expect(found.map(\.id) == [sandbox.rawValue] && !pids.contains(found[0].process.pid))
      let successor = try await fixture.successor()
      for pid in pids { #expect(kill(pid, 0) == 0) }
      #expect(FileManager.default.fileExists(atPath: "\(sandboxes)/\(sandbox)/record"))
      #expect(try await successor.leaks().filter { $0.kind == "process" }.isEmpty)
      try await successor.removePodSandbox(sandbox)
    }
  }

  @Test("Files that do not belong among sandboxes keep nobody from being taken over, and podshims are found through a link, too")
  func strayFiles() async throws {
    try await RuntimeFixture.with { fixture in
      let (sandbox, _) = try await Self.pod(fixture, "pod")
      let sandboxes = "\(fixture.base)/state/sandboxes"
      let strays = ["stray", String(repeating: "b", count: 64)].map { "\(sandboxes)/\($0)" }
      for path in strays { try Data().write(to: URL(fileURLWithPath: path)) }
      let link = "\(fixture.base)/link"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "\(fixture.base)/state")
      #expect(try ShimProcess.all(in: "\(link)/sandboxes").map(\.id) == [sandbox.rawValue])
      let network = try await fixture.forgetEverything()
      let successor = try await fixture.successor(network: network)
      #expect(try await successor.listPodSandboxes(SandboxFilter()).map(\.id) == [sandbox])
      for path in strays { try FileManager.default.removeItem(atPath: path) }
      try await successor.removePodSandbox(sandbox)
    }
  }

  @Test("An old copy of the database does not take back what a container was given since")
  func oldResources() async throws {
    try await RuntimeFixture.with { fixture in
      let (sandbox, id) = try await Self.pod(fixture, "pod")
      try await fixture.runtime.updateContainerResources(id, LinuxResources(cpuShares: 300))
      let states = Documents("runtime-container-state", in: fixture.store)
      let old = try states.all()
      try await fixture.runtime.updateContainerResources(id, LinuxResources(cpuShares: 700))
      try await fixture.runtime.journal.flush()
      for row in old { try states.put(id: row.id, key: row.key, parent: row.parent, bytes: row.bytes) }
      let successor = try await fixture.successor()
      #expect(try await successor.containerStatus(id, verbose: false).status.resources?.cpuShares == 700)
      try await successor.removePodSandbox(sandbox)
    }
  }

  @Test("An old copy of the database: what was removed since does not come back, and its address is nobody's twice")
  func oldCopy() async throws {
    try await RuntimeFixture.with { fixture in
      let (removed, container) = try await Self.pod(fixture, "removed")
      let (kept, gone) = try await Self.pod(fixture, "kept")
      let removedAddress = try await fixture.runtime.podSandboxStatus(removed, verbose: false).status.ip
      let kinds = RuntimeFixture.kinds + ["network/\(fixture.bridge)"]
      let rows = try kinds.map { ($0, try Documents($0, in: fixture.store).all()) }
      try await fixture.runtime.removePodSandbox(removed)
      try await fixture.runtime.removeContainer(gone)
      #expect(await fixture.leftovers(except: [kept.rawValue]) == [])
      // The address of the one that was removed is given away again: the old copy has it twice, as it were.
      let cursors = Documents("network-cursor/\(fixture.bridge)", in: fixture.store)
      for row in try cursors.all() { try cursors.remove(row.id) }
      let next = try await fixture.successor(
        network: BridgeNetwork(settings: fixture.network.settings, store: fixture.store))
      let (new, other) = try await Self.pod(fixture, "removed", in: next)
      let address = try await next.podSandboxStatus(new, verbose: false).status.ip
      #expect(address == removedAddress)
      try await next.journal.flush()
      _ = try await fixture.forgetEverything()
      for (kind, rows) in rows {
        for row in rows {
          try Documents(kind, in: fixture.store).put(id: row.id, key: row.key, parent: row.parent, bytes: row.bytes)
        }
      }
      let network = try BridgeNetwork(settings: fixture.network.settings, store: fixture.store)
      let successor = try await fixture.successor(of: next, network: network)
      #expect(Set(try await successor.listPodSandboxes(SandboxFilter()).map(\.id)) == [kept, new])
      #expect(try await successor.podSandboxStatus(new, verbose: false).status.ip == address)
      #expect(try await successor.listContainers(ContainerFilter()).map(\.id) == [other])
      #expect(
        await fixture.leftovers(except: [kept, new, SandboxID(other.rawValue)].reduce(into: []) { $0.insert($1.rawValue) }) == [])
      #expect(network.owners.sorted() == [kept.rawValue, new.rawValue].sorted())
      let (third, _) = try await Self.pod(fixture, "third", in: successor)
      let taken = try await successor.podSandboxStatus(kept, verbose: false).status.ip
      #expect(try await ![address, taken].contains(successor.podSandboxStatus(third, verbose: false).status.ip))
      try await successor.removePodSandbox(third)
      _ = container
      for sandbox in [kept, new] { try await successor.removePodSandbox(sandbox) }
    }
  }

  @Test("A stopped sandbox whose rows are lost has stopped, and can be removed; the pod's next one goes on")
  func stopped() async throws {
    try await RuntimeFixture.with { fixture in
      let (first, container) = try await Self.pod(fixture, "pod")
      try await fixture.runtime.stopPodSandbox(first)
      var config = fixture.sandboxConfig("pod")
      (config.portMappings, config.metadata.attempt) = ([], 1)
      let second = try await fixture.runtime.runPodSandbox(config, handler: "")
      let running = try await fixture.runtime.createContainer(fixture.containerConfig(), in: second, sandboxConfig: config)
      try await fixture.runtime.startContainer(running)
      let network = try await fixture.forgetEverything()
      let successor = try await fixture.successor(network: network)
      #expect(try await successor.listPodSandboxes(SandboxFilter(state: .ready)).map(\.id) == [second])
      #expect(try await successor.execSync(running, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      for status in try await successor.listContainers(ContainerFilter()) where status.id == container {
        #expect(status.state == .exited)
      }
      // Nothing that it gave back is its own again.
      let (third, _) = try await Self.pod(fixture, "third", in: successor)
      for sandbox in [first, second, third] {
        try await successor.removePodSandbox(sandbox)
        try await successor.removePodSandbox(sandbox)
      }
      #expect(try await successor.listPodSandboxes(SandboxFilter()).isEmpty)
      #expect(await fixture.leftovers() == [])
    }
  }

  @Test("A damaged record is read from the copy beside podshim; one without a copy costs its own pod, which is ended and told")
  func damaged() async throws {
    try await RuntimeFixture.with { fixture in
      let (lost, _) = try await Self.pod(fixture, "lost")
      let (copied, container) = try await Self.pod(fixture, "copied")
      let (well, other) = try await Self.pod(fixture, "well")
      let rows = Documents("runtime-sandbox", in: fixture.store)
      for row in try rows.all() where row.id != well.rawValue {
        try rows.put(id: row.id, key: row.key, parent: row.parent, bytes: Array(row.bytes.dropLast(3)))
      }
      try FileManager.default.removeItem(atPath: "\(fixture.runtime.settings.sandboxDirectory(lost.rawValue))/record")
      let successor = try await fixture.successor()
      let left = Set(try await successor.listPodSandboxes(SandboxFilter()).map(\.id))
      #expect(left == [copied, well])
      #expect(try await successor.execSync(container, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      let leaks = try await successor.leaks()
      #expect(leaks.map(\.kind).filter { $0 != "link" } == ["record"], "\(leaks)")
      #expect(await fixture.leftovers(except: [copied.rawValue, well.rawValue, container.rawValue, other.rawValue]) == [])
      for sandbox in left { try await successor.removePodSandbox(sandbox) }
    }
  }

  @Test("An exit that nobody wrote down is read from podshim at the next start")
  func exits() async throws {
    try await RuntimeFixture.with { fixture in
      let config = fixture.sandboxConfig()
      let sandbox = try await fixture.runtime.runPodSandbox(config, handler: "")
      var short = fixture.containerConfig()
      short.args = ["exit", "7"]
      let id = try await fixture.runtime.createContainer(short, in: sandbox, sandboxConfig: config)
      try await fixture.runtime.startContainer(id)
      _ = await (try await fixture.runtime.container(id)).exited.wait(atMost: .seconds(10))
      try await fixture.runtime.journal.flush()
      let states = Documents("runtime-container-state", in: fixture.store)
      for row in try states.all() { try states.remove(row.id) }
      // Nothing may be flushed again by the predecessor.
      let successor = try await fixture.successor()
      let status = try await successor.containerStatus(id, verbose: false).status
      #expect(status.state == .exited && status.exitCode == 7)
      try await successor.removePodSandbox(sandbox)
    }
  }
}
