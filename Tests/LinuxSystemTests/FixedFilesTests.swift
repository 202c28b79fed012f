import CLinux
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// A container that holds CAP_LINUX_IMMUTABLE does chattr +i to what is to be removed one day.
@Suite("Immutable and append-only files", .enabled(if: geteuid() == 0, "needs root"))
struct FixedFilesTests {
  /// FS_IMMUTABLE_FL and FS_APPEND_FL.
  private static let (immutable, append): (Int32, Int32) = (0x10, 0x20)

  private func flags(_ path: String, _ new: Int32? = nil) throws -> Int32 {
    let file = OwnedDescriptor(adopting: try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_CLOEXEC) })
    return try file.withRaw { raw in
      if let new { _ = try kernelCall("ioctl", on: path) { cl_set_file_flags(raw, cl_file_flags(raw) & ~0x30 | new) } }
      return cl_file_flags(raw) & 0x30
    }
  }

  @Test("are removed with their tree, directories among them; what a link leads to keeps its flag")
  func removed() async throws {
    try await ScratchDirectory.with("fixed") { scratch in
      let tree = try scratch.makeDirectory("tree")
      for file in ["a", "b", "deep/er/c", "deep/d", "log/e"] { try scratch.write("tree/\(file)", "x") }
      let other = try scratch.write("other", "x")
      unsafe symlink(other, "\(tree)/link")
      unsafe mkfifo("\(tree)/pipe", 0o600)
      try #require(try flags(other, Self.immutable) == Self.immutable)
      defer { _ = try? flags(other, 0) }
      for (path, flag) in [
        ("a", Self.immutable), ("b", Self.append), ("deep/er/c", Self.immutable), ("deep/er", Self.immutable),
        ("deep", Self.immutable | Self.append), ("log", Self.append), ("", Self.immutable),
      ] { _ = try flags("\(tree)/\(path)", flag) }
      try await runBlocking { () throws(SystemCallError) in try removeTree(tree) }
      #expect(!scratch.exists("tree"))
      #expect(scratch.exists("other"))
      #expect(try flags(other) == Self.immutable)
    }
  }
}
