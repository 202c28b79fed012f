import Foundation
import Store
import Synchronization
import Testing

@Suite("The copy of the database")
struct DatabaseCopyTests {
  @Test("changes while a copy is made: no two overlap, and the last change gets into one", .timeLimit(.minutes(5)))
  func changes() async throws {
    let directory = NSTemporaryDirectory() + "database-copy-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let warnings = Mutex<[String]>([])
    let (store, notice) = try Store.open(directory + "/db", copy: directory + "/copy", delay: .zero) { warning in
      warnings.withLock { $0.append(warning) }
    }
    #expect(notice == nil)
    let things = Documents("thing", in: store)
    // Large enough for changes to come while it is copied.
    for number in 0..<20 { try things.put(id: "\(number)", bytes: Array(repeating: 7, count: 200_000)) }
    for _ in 0..<100 {
      store.copySoon()
      try await Task.sleep(for: .milliseconds(2))
    }
    try things.put(id: "last", bytes: [1])
    store.copySoon()
    while try !hasLast(directory + "/copy") { try await Task.sleep(for: .milliseconds(20)) }
    #expect(warnings.withLock { $0 } == [])
  }

  private func hasLast(_ path: String) throws -> Bool {
    guard FileManager.default.fileExists(atPath: path) else { return false }
    // Not the file itself: it is replaced at any time.
    let seen = path + ".seen"
    try? FileManager.default.removeItem(atPath: seen)
    try FileManager.default.copyItem(atPath: path, toPath: seen)
    return try Documents("thing", in: Store(path: seen)).get("last") != nil
  }
}
