import Foundation
import LinuxSystem
import Testing

@testable import Images

/// Layers made to write outside their directory. Each is refused or confined.
@Suite("A hostile layer")
struct HostileLayerTests {
  enum Outcome: Sendable { case refused, confined }
  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let outcome: Outcome
    let build: @Sendable (_ outside: String, inout Tar) -> Void
    init(_ name: String, _ outcome: Outcome, _ build: @escaping @Sendable (_ outside: String, inout Tar) -> Void) {
      (testDescription, self.outcome, self.build) = (name, outcome, build)
    }
  }

  static let attacks = [
    Attack("a name that climbs out", .refused) { outside, tar in tar.add("../../../../../..\(outside)/file", text: "x") },
    Attack("a name that climbs in the middle", .refused) { _, tar in tar.add("a/../../b", text: "x") },
    Attack("a directory that climbs", .refused) { _, tar in tar.directory("a/../..") },
    Attack("an absolute name", .confined) { outside, tar in tar.add("\(outside)/file", text: "x") },
    Attack("a file through an absolute link", .refused) { outside, tar in
      tar.add("link", type: Tar.symbolicLink, link: outside)
      tar.add("link/file", text: "x")
    },
    Attack("a file through a climbing link", .refused) { outside, tar in
      tar.add("link", type: Tar.symbolicLink, link: "../../../../../../..\(outside)")
      tar.add("link/file", text: "x")
    },
    Attack("a file through a link to the root", .confined) { _, tar in
      tar.add("link", type: Tar.symbolicLink, link: "/")
      tar.add("link/file", text: "x")
    },
    Attack("a file over a link to a file outside", .confined) { outside, tar in
      tar.add("link", type: Tar.symbolicLink, link: "\(outside)/victim")
      tar.add("link", text: "x")
    },
    Attack("a directory over a link to a directory outside", .confined) { outside, tar in
      tar.add("link", type: Tar.symbolicLink, link: outside)
      tar.directory("link/", mode: 0o777)
      tar.add("link/file", text: "x")
    },
    Attack("a hard link to a file outside", .refused) { outside, tar in
      tar.add("hard", type: Tar.hardLink, link: "\(outside)/victim")
    },
    Attack("a hard link that climbs", .refused) { outside, tar in
      tar.add("hard", type: Tar.hardLink, link: "../../../../../../..\(outside)/victim")
    },
    Attack("a hard link through a link", .refused) { outside, tar in
      tar.add("link", type: Tar.symbolicLink, link: outside)
      tar.add("hard", type: Tar.hardLink, link: "link/victim")
    },
    Attack("a hard link to a link, then a write through it", .confined) { outside, tar in
      tar.add("link", type: Tar.symbolicLink, link: "\(outside)/victim")
      tar.add("hard", type: Tar.hardLink, link: "link")
      tar.add("hard", text: "x")
    },
    Attack("a hard link to a directory", .refused) { _, tar in
      tar.directory("dir/")
      tar.add("hard", type: Tar.hardLink, link: "dir")
    },
    Attack("a hard link to itself", .refused) { _, tar in
      tar.add("a", text: "x")
      tar.add("a", type: Tar.hardLink, link: "a")
    },
    Attack("a hard link to nothing", .refused) { _, tar in tar.add("hard", type: Tar.hardLink, link: "") },
    Attack("a whiteout device", .refused) { _, tar in tar.add("dev", type: Tar.characterDevice, device: (0, 0)) },
    Attack("a whiteout of the parent", .refused) { _, tar in tar.add(".wh...", text: "") },
    Attack("a whiteout of the directory itself", .refused) { _, tar in tar.add("a/.wh..", text: "") },
    Attack("a whiteout of nothing", .refused) { _, tar in tar.add("a/.wh.", text: "") },
    Attack("a whiteout through a link", .refused) { outside, tar in
      tar.add("link", type: Tar.symbolicLink, link: outside)
      tar.add("link/.wh.victim", text: "")
    },
    Attack("an opaque mark through a link", .refused) { outside, tar in
      tar.add("link", type: Tar.symbolicLink, link: outside)
      tar.add("link/.wh..wh..opq", text: "")
    },
    Attack("a link loop", .refused) { _, tar in
      tar.add("a", type: Tar.symbolicLink, link: "b")
      tar.add("b", type: Tar.symbolicLink, link: "a")
      tar.add("a/file", text: "x")
    },
    Attack("a path through /proc", .confined) { _, tar in tar.add("proc/self/root/tmp/file", text: "x") },
    Attack("a name of 300 bytes", .refused) { _, tar in
      tar.add("long", Array(String(repeating: "n", count: 300).utf8) + [0], type: Tar.gnuLongName)
      tar.add("short", text: "x")
    },
    Attack("a path of 64 KiB", .refused) { _, tar in
      tar.add("long", Array(String(repeating: "d/", count: 32 << 10).utf8) + [0], type: Tar.gnuLongName)
      tar.add("short", text: "x")
    },
    Attack("a file that says it has 8 EiB", .refused) { _, tar in
      tar.add("a", text: "some bytes first")
      tar.add("b", [1, 2, 3], size: Int.max)
    },
    Attack("a file that says it has 100 GiB", .refused) { _, tar in tar.add("a", [1, 2, 3], size: 100 << 30) },
    Attack("a file below a file", .refused) { _, tar in
      tar.add("a", text: "x")
      tar.add("a/b", text: "x")
    },
    Attack("an attribute that makes a directory opaque by itself", .confined) { _, tar in
      tar.add(
        pax: ["SCHILY.xattr.trusted.overlay.redirect": "/etc", "SCHILY.xattr.security.selinux": "x"], "d/", type: Tar.directory)
    },
  ]

  @Test("is refused or confined, and changes nothing outside", arguments: attacks)
  func attack(_ attack: Attack) async throws {
    let scratch = try ImageFixture()
    let victim = try scratch.write("outside/victim", Array("victim".utf8))
    let outside = scratch.directory + "/outside"
    var tar = Tar()
    tar.add("before", text: "x")
    attack.build(outside, &tar)
    let layer = tar.finished
    switch attack.outcome {
    case .refused:
      let error = await #expect(throws: ImageError.self) { try await scratch.importLayers([layer]) }
      #expect(error.map { "\($0)".utf8.count < 70_000 } == true)
      try scratch.expectEmpty()
    case .confined:
      try await scratch.importLayers([layer])
      let path = try #require(try scratch.service.resolve("test:1").layers.first).path
      for attribute in ["trusted.overlay.redirect", "security.selinux"] { #expect(Attributes.read(path + "/d", attribute) == nil) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["victim"])
    #expect(try String(contentsOfFile: victim, encoding: .utf8) == "victim")
    #expect(Attributes.read(outside, "trusted.overlay.opaque") == nil)
    #expect(!FileManager.default.fileExists(atPath: "/tmp/file"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.directory).sorted() == ["archive.tar", "outside", "root"])
  }
}
