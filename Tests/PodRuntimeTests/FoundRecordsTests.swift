import RuntimeAPI
import Testing

@testable import PodRuntime

@Suite("What a start finds")
struct FoundRecordsTests {
  private static func found(_ ids: [(id: String, createdAt: Int64, hasRow: Bool)]) -> FoundRecords {
    var found = FoundRecords()
    found.sandboxes[RecordsTests.sandbox.id] = RecordsTests.sandbox
    for (id, createdAt, hasRow) in ids {
      var record = RecordsTests.container
      record.id = ContainerID(id)
      record.createdAt = createdAt
      found.containers[record.id] = record
      if !hasRow { found.regainedContainers[record.id] = RecordsBeside.FoundContainer(record: record, spec: nil, state: nil) }
    }
    return found
  }

  @Test("Of containers with one name the newer is kept, and one with a row before all: the others are leftovers")
  func doubles() {
    var found = Self.found([("old", 1, false), ("new", 2, false)])
    found.dropDoubles()
    #expect(found.containers.keys.map(\.rawValue) == ["new"] && found.regainedContainers.keys.map(\.rawValue) == ["new"])
    found = Self.found([("row", 1, true), ("new", 2, false), ("newest", 3, false)])
    found.dropDoubles()
    #expect(found.containers.keys.map(\.rawValue) == ["row"] && found.regainedContainers.isEmpty)
  }

  @Test("A second look leaves out what the first one knew")
  func without() {
    let found = Self.found([("a", 1, true)])
    #expect(
      found.without([RecordsTests.sandbox.id]).sandboxes.isEmpty && found.without([RecordsTests.sandbox.id]).containers.isEmpty)
    #expect(found.without([]).containers.count == 1)
  }
}
