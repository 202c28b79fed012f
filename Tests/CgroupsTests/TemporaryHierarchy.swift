import Foundation

@testable import Cgroups

/// A directory with files as the kernel would have them, removed at the end.
/// Directories made in it stay empty, unlike real cgroups.
struct TemporaryHierarchy {
  let root: CgroupRoot

  static func with(
    _ controllers: Set<Controller>, files: [String: String] = [:], _ body: (TemporaryHierarchy) throws -> Void
  ) throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "cgroups-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let hierarchy = TemporaryHierarchy(root: CgroupRoot(mountPoint: directory, controllers: controllers))
    for (path, text) in files { try hierarchy.write(path, text) }
    try body(hierarchy)
  }

  func write(_ path: String, _ text: String) throws {
    let url = URL(filePath: root.mountPoint + "/" + path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  func read(_ path: String) throws -> String {
    try String(contentsOf: URL(filePath: root.mountPoint + "/" + path), encoding: .utf8)
  }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root.mountPoint + "/" + path) }
}
