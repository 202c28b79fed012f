import Foundation
import Glibc
import LinuxSystem
import RuntimeAPI
import Store
import Testing

@testable import PodRuntime

/// The database lies, or is gone: no pod runs twice, and nothing of the old one stays.
@Suite("Lost state", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(3)))
struct LostStateTests {
  private static let kinds = [
    "runtime-sandbox", "runtime-sandbox-state", "runtime-container", "runtime-container-state", "runtime-container-spec",
  ]

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

  @Test(
    "Without its records a pod is ended at the next start: also when the state directory is gone too", arguments: [false, true])
  func emptied(_ directoryToo: Bool) async throws {
    try await RuntimeFixture.with { fixture in
      _ = try await Self.pod(fixture, "one")
      _ = try await Self.pod(fixture, "two")
      try await fixture.runtime.journal.flush()
      for kind in Self.kinds {
        for row in try Documents(kind, in: fixture.store).all() { try Documents(kind, in: fixture.store).remove(row.id) }
      }
      if directoryToo {
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(fixture.base)/state/sandboxes") {
          try FileManager.default.removeItem(atPath: "\(fixture.base)/state/sandboxes/\(name)")
        }
      }
      let successor = try await fixture.successor()
      #expect(try await successor.listPodSandboxes(SandboxFilter()).isEmpty)
      #expect(await fixture.leftovers() == [])
      let (again, _) = try await Self.pod(fixture, "one", in: successor)
      try await successor.removePodSandbox(again)
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
      _ = await (try fixture.runtime.container(id)).exited.wait(atMost: .seconds(10))
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
