import Foundation
import Logging
import Store
import Synchronization
import Testing

@testable import PodRuntime

@Suite("The copy of the database")
struct DatabaseCopyTests {
  /// Counts what is logged: a copy that failed is told there.
  private struct Counter: LogHandler {
    final class Count: Sendable { let value = Mutex(0) }
    let count: Count
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { count.value.withLock { $0 += 1 } }
  }

  @Test("changes while a copy is made: no two overlap, and the last change gets into one", .timeLimit(.minutes(1)))
  func changes() async throws {
    let directory = NSTemporaryDirectory() + "database-copy-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let store = try Store(path: directory + "/db")
    let things = Documents("thing", in: store)
    // Large enough for changes to come while it is copied.
    for number in 0..<20 { try things.put(id: "\(number)", bytes: Array(repeating: 7, count: 200_000)) }
    let count = Counter.Count()
    let logger = Logger(label: "test") { _ in Counter(count: count) }
    let copy = DatabaseCopy(of: store, at: directory + "/copy", delay: .zero, logger: logger)
    for _ in 0..<100 {
      copy.changed()
      try await Task.sleep(for: .milliseconds(2))
    }
    try things.put(id: "last", bytes: [1])
    copy.changed()
    while try !hasLast(directory + "/copy") { try await Task.sleep(for: .milliseconds(20)) }
    #expect(count.value.withLock { $0 } == 0)
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
