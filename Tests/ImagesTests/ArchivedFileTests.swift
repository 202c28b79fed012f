import Foundation
import LinuxSystem
import Testing

@testable import Images

@Suite("a file of an archive") struct ArchivedFileTests {
  @Test("its digest is not computed to the end when the import is cancelled", .timeLimit(.minutes(5)))
  func cancelled() async throws {
    let path = NSTemporaryDirectory() + "archived-\(UUID().uuidString)"
    try writeFile(path, "")
    defer { try? FileManager.default.removeItem(atPath: path) }
    // Sparse: an hour and more of hashing.
    try #require(unsafe truncate(path, 1 << 40) == 0)
    let file = try #require(try ArchivedFile(path: path))
    let cancellation = ImportCancellation()
    let digest = Task {
      await runBlocking { Result { () throws(ImageError) in try file.digest("big", cancellation: cancellation) } }
    }
    try await Task.sleep(for: .milliseconds(50))
    cancellation.cancel()
    guard case .failure(let error) = await digest.value else {
      Issue.record("a digest")
      return
    }
    #expect(error.code == .cancelled)
  }
}
