import Foundation
import Glibc
import LinuxSystem
import PodNetwork
import RuntimeAPI
import Store
import Synchronization
import Testing

@testable import PodRuntime

/// What an agent of an earlier version left on a node whose pods run on: its database, and the files beside its podshims. Every later
/// version must take them over. The fixtures are never written again; a new format gets one of its own.
@Suite("Pods of earlier versions", .serialized, .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct EarlierVersionTests {
  /// How the pod of the fixtures was made: by name, and the state that it was in when its agent was killed.
  private struct Pod {
    let sandbox: SandboxID
    /// Runs, with its resources changed.
    let running: ContainerID
    let made: ContainerID
    /// With exit code 7.
    let ended: ContainerID
    var ids: [String] { [sandbox.rawValue, running.rawValue, made.rawValue, ended.rawValue] }

    init(_ fixture: RuntimeFixture) async throws {
      let (runtime, config) = (fixture.runtime, fixture.sandboxConfig())
      sandbox = try await runtime.runPodSandbox(config, handler: "")
      running = try await runtime.createContainer(fixture.containerConfig("running"), in: sandbox, sandboxConfig: config)
      try await runtime.startContainer(running)
      made = try await runtime.createContainer(fixture.containerConfig("made"), in: sandbox, sandboxConfig: config)
      var short = fixture.containerConfig("ended")
      short.args = ["exit", "7"]
      ended = try await runtime.createContainer(short, in: sandbox, sandboxConfig: config)
      try await runtime.startContainer(ended)
      _ = await (try await runtime.container(ended)).exited.wait(atMost: .seconds(10))
      try await runtime.updateContainerResources(running, LinuxResources(cpuShares: 512))
      try await runtime.journal.flush()
    }
  }

  private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
  /// Files of a sandbox's directory that the agent writes, with the ids of the pod as `Pod.ids` has them.
  private static func files(_ ids: [String]) -> [String] {
    ["record", "\(ids[1]).record", "\(ids[1]).state", "\(ids[2]).record", "\(ids[3]).record", "\(ids[3]).exit"]
  }

  @Test("Version 2: with its database, or with the files beside its podshims alone", arguments: [true, false])
  func version2(_ hasDatabase: Bool) async throws {
    try await RuntimeFixture.with { fixture in
      let pod = try await Pod(fixture)
      let pid = try await fixture.runtime.container(pod.running).machine.pid
      let network = try await Self.replay("node-2", over: pod, fixture, hasDatabase: hasDatabase)
      let successor = try await fixture.successor(network: network)

      #expect(try await successor.podSandboxStatus(pod.sandbox, verbose: false).status.state == .ready)
      let status = try await successor.containerStatus(pod.running, verbose: true).status
      #expect(status.state == .running && status.pid == pid && status.startedAt > 0)
      #expect(status.resources?.cpuShares == 512 && status.metadata.name == "running")
      #expect(try await successor.containerStatus(pod.ended, verbose: false).status.exitCode == 7)
      #expect(try await successor.execSync(pod.running, command: ["/payload", "hostname"], timeout: 10).exitCode == 0)
      try await successor.reopenContainerLog(pod.running)
      // The same request is a retry still.
      let config = fixture.sandboxConfig()
      #expect(try await successor.runPodSandbox(config, handler: "") == pod.sandbox)
      let again = try await successor.createContainer(fixture.containerConfig("made"), in: pod.sandbox, sandboxConfig: config)
      #expect(again == pod.made)
      try await successor.startContainer(pod.made)
      let new = try await successor.createContainer(fixture.containerConfig("new"), in: pod.sandbox, sandboxConfig: config)
      try await successor.startContainer(new)
      try await successor.stopContainer(pod.running, timeout: 0)
      #expect(try await successor.containerStatus(pod.running, verbose: false).status.exitCode == 137)
      #expect(network.owners == [pod.sandbox.rawValue])
      try await successor.removePodSandbox(pod.sandbox)
    }
  }

  /// Writes what the version left in place of what this one wrote, with the ids and paths of the pod that runs.
  private static func replay(
    _ name: String, over pod: Pod, _ fixture: RuntimeFixture, hasDatabase: Bool
  ) async throws -> BridgeNetwork {
    let folder = directory.appendingPathComponent(name)
    let old = try String(contentsOf: folder.appendingPathComponent("names"), encoding: .utf8).split(separator: "\n").map(
      String.init)
    let link = fixture.network.plannedLinkName(owner: pod.sandbox.rawValue)
    let names = pod.ids + [(fixture.base as NSString).lastPathComponent, link, fixture.bridge]
    let translation = Array(zip(old, names))
    try #require(translation.allSatisfy { $0.utf8.count == $1.utf8.count } && translation.count == 7)
    func translate(_ bytes: [UInt8]) throws -> [UInt8] {
      var bytes = bytes
      for (old, new) in translation where old != new {
        let (from, to) = (Array(old.utf8), Array(new.utf8))
        while let range = bytes.firstRange(of: from) { bytes.replaceSubrange(range, with: to) }
      }
      // Of a record: its checksum is another one now.
      if bytes.starts(with: RecordFormat.magic) {
        let sum = RecordFormat.checksum(bytes[RecordFormat.headerSize...])
        for shift in 0..<4 { bytes[8 + shift] = UInt8(truncatingIfNeeded: sum >> (shift * 8)) }
      }
      return bytes
    }

    let copy = "\(fixture.base)/old.db"
    try FileManager.default.copyItem(atPath: folder.appendingPathComponent("swiftlet.db").path, toPath: copy)
    let store = try Store(path: copy)
    _ = try await fixture.forgetEverything()
    if hasDatabase {
      for kind in RuntimeFixture.kinds + ["network/\(old[6])", "network-cursor/\(old[6])"] {
        let rows = try Documents(kind, in: store).all()
        #expect(!rows.isEmpty || kind == "runtime-sandbox-state", "\(kind)")
        let now = kind.replacingOccurrences(of: old[6], with: fixture.bridge)
        for row in rows {
          let texts = try [row.id, row.key ?? "", row.parent].map { String(decoding: try translate(Array($0.utf8)), as: UTF8.self) }
          try Documents(now, in: fixture.store).put(
            id: texts[0], key: row.key == nil ? nil : texts[1], parent: texts[2], bytes: try translate(row.bytes))
        }
      }
    }
    let state = fixture.runtime.settings.sandboxDirectory(pod.sandbox.rawValue)
    for (from, to) in zip(files(Array(old[..<4])), files(pod.ids)) {
      let bytes = try Array(Data(contentsOf: folder.appendingPathComponent(from)))
      try writePrivateFile("\(state)/\(to)", try translate(bytes))
    }
    let network = try BridgeNetwork(settings: fixture.network.settings, store: fixture.store)
    try await runBlocking { () throws(PodNetworkError) in try network.prepare() }
    return network
  }

  /// How a fixture is made; a new format gets a new directory. Runs when SWIFTLET_WRITE_FIXTURE names the directory to write.
  @Test("A fixture can be written") func write() async throws {
    guard let path = ProcessInfo.processInfo.environment["SWIFTLET_WRITE_FIXTURE"] else { return }
    try await RuntimeFixture.with { fixture in
      let pod = try await Pod(fixture)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try fixture.store.copy(to: "\(path)/swiftlet.db")
      let state = fixture.runtime.settings.sandboxDirectory(pod.sandbox.rawValue)
      for file in Self.files(pod.ids) { try FileManager.default.copyItem(atPath: "\(state)/\(file)", toPath: "\(path)/\(file)") }
      let link = fixture.network.plannedLinkName(owner: pod.sandbox.rawValue)
      let names = pod.ids + [(fixture.base as NSString).lastPathComponent, link, fixture.bridge]
      try (names.joined(separator: "\n") + "\n").write(toFile: "\(path)/names", atomically: true, encoding: .utf8)
    }
  }
}
