import Foundation

/// A directory of one test, removed at its end; with `KEEP_SCRATCH` in the environment it stays, to be looked at.
package struct ScratchDirectory: Sendable {
  package let path: String

  package static func with<R>(_ name: String = "test", _ body: (ScratchDirectory) throws -> R) throws -> R {
    let scratch = try ScratchDirectory(name)
    defer { scratch.remove() }
    return try body(scratch)
  }

  package static func with<R>(_ name: String = "test", _ body: (ScratchDirectory) async throws -> R) async throws -> R {
    let scratch = try ScratchDirectory(name)
    defer { scratch.remove() }
    return try await body(scratch)
  }

  /// For fixtures that end by themselves; they call `remove`.
  package init(_ name: String = "test") throws {
    path = "\(NSTemporaryDirectory())swiftlet-\(name)-\(getpid())-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  package func remove() {
    guard ProcessInfo.processInfo.environment["KEEP_SCRATCH"] == nil else { return }
    // A database's own thread may make a file in it meanwhile.
    for _ in 0..<200 where FileManager.default.fileExists(atPath: path) {
      if (try? FileManager.default.removeItem(atPath: path)) == nil { usleep(5000) }
    }
  }

  /// A path below; the parts may have slashes.
  package subscript(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, directories before it included.
  @discardableResult
  package func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  @discardableResult
  package func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let url = URL(fileURLWithPath: self[name])
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  @discardableResult
  package func makeDirectory(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: self[name], withIntermediateDirectories: true)
    return self[name]
  }

  package func text(_ name: String) throws -> String { try String(contentsOfFile: self[name], encoding: .utf8) }
  package func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: self[name]))) }
  package func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self[name]) }
}
