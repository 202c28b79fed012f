import Foundation
import Glibc
import LinuxSystem
import Synchronization
import TestSupport
import Testing

@Suite("Copies into and out of a stranger's tree") struct TreeCopyTests {
  /// A directory that stands for a container's root, and one of ours.
  private struct Trees {
    let scratch: ScratchDirectory
    let root: TreeCopy.Place

    init(_ scratch: ScratchDirectory) throws {
      self.scratch = scratch
      for name in ["box/etc", "box/data/deep", "ours"] { try scratch.makeDirectory(name) }
      root = try TreeCopy.Place.root(scratch["box"])
    }

    func link(_ name: String, to target: String) throws {
      try FileManager.default.createSymbolicLink(atPath: scratch[name], withDestinationPath: target)
    }

    func mode(_ name: String) -> UInt32 {
      var status = stat()
      return unsafe lstat(scratch[name], &status) == 0 ? status.st_mode : 0
    }

    /// - Returns: what was skipped.
    @discardableResult
    func out(_ source: String, _ target: String) throws -> [String] {
      let skipped = Mutex<[String]>([])
      let copy = TreeCopy(keepsLinks: false, modeMask: 0o777) { path in skipped.withLock { $0.append(path) } }
      try copy.copy(source, in: root, to: scratch[target], in: .here)
      return skipped.withLock { $0 }
    }

    func into(_ source: String, _ target: String) throws {
      try TreeCopy(keepsLinks: true, modeMask: 0o7777) { _ in }.copy(scratch[source], in: .here, to: target, in: root)
    }
  }

  @Test("a tree comes out whole: contents and modes, without set-user-ID, links and what blocks who reads it") func out() throws {
    try ScratchDirectory.with { scratch in
      let trees = try Trees(scratch)
      try scratch.write("box/data/a", Array("hello".utf8))
      try scratch.write("box/data/deep/b", Array(repeating: 7, count: 700_000))
      _ = unsafe chmod(scratch["box/data/a"], 0o4755)
      _ = unsafe chmod(scratch["box/data/deep"], 0o711)
      try trees.link("box/data/link", to: "/etc/passwd")
      _ = unsafe mkfifo(scratch["box/data/fifo"], 0o600)
      #expect(try trees.out("/data", "ours").sorted() == ["/data/fifo", "/data/link"])
      #expect(try scratch.text("ours/data/a") == "hello")
      #expect(try scratch.bytes("ours/data/deep/b").count == 700_000)
      #expect(trees.mode("ours/data/a") & 0o7777 == 0o755 && trees.mode("ours/data/deep") & 0o7777 == 0o711)
      // Again, into what is there; and what is in it only.
      try trees.out("/data", "ours")
      try trees.out("/data/.", "ours")
      #expect(try scratch.text("ours/a") == "hello" && !scratch.exists("ours/data/data"))
      try trees.out("/data/a", "ours/renamed")
      #expect(try scratch.text("ours/renamed") == "hello")
    }
  }

  @Test("a link in the tree leads nowhere but into the tree") func links() throws {
    try ScratchDirectory.with { scratch in
      let trees = try Trees(scratch)
      try scratch.write("secret", Array("ours".utf8))
      try scratch.write("box/etc/hosts", Array("theirs".utf8))
      try scratch.write("page", Array("page".utf8))
      try trees.link("box/up", to: "../../../../../../../../..")
      try trees.link("box/absolute", to: "/etc")
      try trees.out("/absolute/hosts", "ours")
      #expect(try scratch.text("ours/hosts") == "theirs")
      #expect(throws: SystemCallError.self) { try trees.out("/up\(scratch["secret"])", "ours") }
      try trees.into("page", "/up/page")
      #expect(try scratch.text("box/page") == "page")
      try trees.into("page", "/absolute")
      #expect(try scratch.text("box/etc/page") == "page")
      #expect(throws: SystemCallError.self) { try trees.into("page", "/absent/page") }
    }
  }

  @Test("of a path that ends above itself the content is copied, never into the directory above the target") func above() throws {
    try ScratchDirectory.with { scratch in
      let trees = try Trees(scratch)
      try scratch.write("box/srv/page", Array("theirs".utf8))
      try scratch.makeDirectory("box/srv/deep")
      try scratch.makeDirectory("ours/target")
      for source in ["/srv/deep/..", "/srv/deep/../."] {
        try trees.out(source, "ours/target")
        #expect(try scratch.text("ours/target/page") == "theirs")
        #expect(!scratch.exists("ours/page") && !scratch.exists("ours/target/srv"))
      }
      try scratch.write("up/inner/file", Array("x".utf8))
      try trees.into("up/inner/..", "/srv/deep")
      #expect(try scratch.text("box/srv/deep/inner/file") == "x" && !scratch.exists("box/srv/inner"))
    }
  }

  @Test("what is there under a file's name is replaced, never written through") func replaced() throws {
    try ScratchDirectory.with { scratch in
      let trees = try Trees(scratch)
      try scratch.write("secret", Array("ours".utf8))
      try scratch.write("tree/page", Array("page".utf8))
      try trees.link("tree/link", to: "/etc/shadow")
      try scratch.makeDirectory("box/tree")
      try trees.link("box/tree/page", to: scratch["secret"])
      try trees.link("box/data/link", to: "/up")
      try trees.into("tree", "/")
      #expect(try scratch.text("secret") == "ours" && scratch.text("box/tree/page") == "page")
      #expect(trees.mode("box/tree/page") & S_IFMT == S_IFREG)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch["box/tree/link"]) == "/etc/shadow")
      // A link in the place of a directory.
      try trees.link("box/etc/tree", to: scratch["ours"])
      #expect(throws: SystemCallError.self) { try trees.into("tree", "/etc") }
      #expect(!scratch.exists("ours/page"))
      // A FIFO, which would hold up who opens it.
      _ = unsafe mkfifo(scratch["box/data/page"], 0o600)
      try trees.into("tree/page", "/data")
      #expect(try scratch.text("box/data/page") == "page")
    }
  }
}
