import Foundation
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// A container makes its directories as deep as it likes, and the agent measures and removes them.
@Suite("A very deep tree")
struct DeepTreeTests {
  /// Directories in one another, a file in each hundredth. No path leads to the bottom: it is longer than the kernel takes.
  private func make(_ depth: Int, in folder: String) throws {
    var current = try systemCall("open", on: folder) { unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    for level in 0..<depth {
      _ = try systemCall("mkdirat", on: "d") { unsafe mkdirat(current, "directory", 0o755) }
      if level % 100 == 0 { close(try systemCall("openat", on: "f") { unsafe openat(current, "file", O_WRONLY | O_CREAT, 0o600) }) }
      let next = try systemCall("openat", on: "d") { unsafe openat(current, "directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
      close(current)
      current = next
    }
    close(current)
  }

  @Test("is measured whole and removed, with the stack of a pool's thread and a few descriptors")
  func remove() async throws {
    try await ScratchDirectory.with("deep") { scratch in
      let folder = try scratch.makeDirectory("tree")
      try make(20_000, in: folder)
      try scratch.write("tree/other/file", "x")
      let usage = try await runBlocking { () throws(SystemCallError) in try TreeUsage.measure(folder) }
      #expect(usage.inodes == 20_000 + 200 + 2)
      try await runBlocking { () throws(SystemCallError) in try removeTree(folder) }
      #expect(!scratch.exists("tree"))
      #expect(scratch.exists(""))
    }
  }
}
