import Foundation
import Testing

@testable import Cgroups

/// A cgroup of this test alone below the node's real cgroup v2 mount, removed at the end with everything in it.
enum TestCgroup {
  static func with(_ body: (CgroupRoot, Cgroup) throws -> Void) throws {
    let root = try CgroupRoot.discover()
    let cgroup = root.cgroup("/swiftlet-test-\(getpid())-\(UUID().uuidString.prefix(8))")
    try cgroup.create(enableControllers: false)
    defer {
      do { try cgroup.remove() } catch { Issue.record("cleaning up: \(error)") }
      #expect(!FileManager.default.fileExists(atPath: cgroup.directory))
    }
    try body(root, cgroup)
  }

  /// Runs `sh -c script` in the cgroup: the shell moves itself, then becomes the script.
  static func shell(_ script: String, in cgroup: Cgroup) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "echo $$ > \(cgroup.directory)/cgroup.procs && { \(script); }"]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }
}
