import Foundation
import LinuxSystem
import Logging
import OCISpec
import RuntimeAPI
import Store
import Testing

@testable import PodRuntime

/// Databases that agents of released formats left: every later version must take them over. They are never written again.
@Suite("Databases of earlier versions")
struct FixtureTests {
  private static func records(_ store: Store) -> Records {
    Records(store, reserve: SpaceReserve(path: "/nonexistent/reserve"))
  }

  @Test("Format 1: two sandboxes, one stopped; three containers, one made, one running, one ended")
  func version1() async throws {
    let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/runtime-1.db")
    let scratch = NSTemporaryDirectory() + "runtime-1-\(UUID().uuidString).db"
    try FileManager.default.copyItem(atPath: fixture.path, toPath: scratch)
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: scratch + suffix) } }
    let records = Self.records(try Store(path: scratch))
    let rows = try await records.all()
    let sandboxes = try rows.sandboxes.map { try SandboxRecord(bytes: $0.bytes) }
    #expect(sandboxes.map(\.id.rawValue) == ["s1", "s2"])
    #expect(sandboxes.first?.config == RecordsTests.sandbox.config && sandboxes.first?.addresses == RecordsTests.sandbox.addresses)
    #expect(try rows.sandboxStates.map { [$0.id: try SandboxStateRecord(bytes: $0.bytes).stopped] } == [["s2": true]])
    let containers = try rows.containers.map { try ContainerRecord(bytes: $0.bytes) }
    #expect(containers.map(\.id.rawValue) == ["c1", "c2", "c3"])
    #expect(containers.first?.config == RecordsTests.container.config && containers.first?.user == RecordsTests.container.user)
    let states = try rows.containerStates.map { try ContainerStateRecord(bytes: $0.bytes) }
    #expect(
      states == [
        ContainerStateRecord(startedAt: 7),
        ContainerStateRecord(
          startedAt: 7, end: ContainerEnd(finishedAt: 9, exitCode: 3, reason: "Error"), resources: LinuxResources(cpuShares: 9)),
      ])
    #expect(rows.specs == ["c1", "c2", "c3"])
    #expect(try records.specs.get("c1").map { try StoredSpec(bytes: $0.bytes) }?.complete.process?.args == ["sh", "-c", "true"])
  }

  /// How the fixture was made; a new format gets a new file. Runs when SWIFTLET_WRITE_FIXTURE names the file to write.
  @Test("A fixture can be written") func write() async throws {
    guard let path = ProcessInfo.processInfo.environment["SWIFTLET_WRITE_FIXTURE"] else { return }
    let source = path + ".source"
    let store = try Store(path: source)
    let records = Self.records(store)
    var other = RecordsTests.sandbox
    other.id = SandboxID("s2")
    other.config.metadata.name = "other"
    let second = other
    try await records.write { transaction in
      try records.put(RecordsTests.sandbox, transaction)
      try records.put(second, transaction)
      try records.put(SandboxStateRecord(stopped: true), of: second.id, transaction)
      for name in ["c1", "c2", "c3"] {
        var container = RecordsTests.container
        container.id = ContainerID(name)
        container.config.metadata.name = name == "c1" ? "app" : name
        var spec = RuntimeSpec()
        spec.process = ProcessSpec(user: UserSpec(uid: 0, gid: 0), args: ["sh", "-c", "true"], env: [], cwd: "/")
        try records.put(container, spec: StoredSpec(spec, hasDefaultSeccomp: false).bytes(), transaction)
      }
      let (id, end) = (RecordsTests.container.sandboxID, ContainerEnd(finishedAt: 9, exitCode: 3, reason: "Error"))
      try records.put(ContainerStateRecord(startedAt: 7), of: ContainerID("c2"), in: id, transaction)
      try records.put(
        ContainerStateRecord(startedAt: 7, end: end, resources: LinuxResources(cpuShares: 9)), of: ContainerID("c3"), in: id,
        transaction)
    }
    try store.copy(to: path)
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: source + suffix) }
  }
}
