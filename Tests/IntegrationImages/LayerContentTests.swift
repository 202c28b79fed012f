import Foundation
import Glibc
import Testing

@testable import Images

@Suite("A layer's files")
struct LayerContentTests {
  private func unpack(_ scratch: ImageFixture, _ build: (inout Tar) -> Void) async throws -> String {
    try await scratch.importLayers([layer(build)])
    return try #require(try scratch.service.resolve("test:1").layers.first).path
  }

  @Test("keep mode, owner, time, target, device number and attributes")
  func metadata() async throws {
    let scratch = try ImageFixture()
    let path = try await unpack(scratch) { tar in
      tar.directory("tmp/", mode: 0o1777)
      tar.add("su", [1, 2], mode: 0o4755)
      tar.add("link", type: Tar.symbolicLink, link: "/nowhere/../su")
      tar.add("hard", type: Tar.hardLink, link: "./su")
      tar.add("null", type: Tar.characterDevice, mode: 0o666, device: (1, 3))
      tar.add("pipe", type: Tar.fifo, mode: 0o600)
      tar.add(pax: ["uid": "3000000", "gid": "70000", "SCHILY.xattr.user.note": "hello"], "owned", [1])
    }
    #expect(Attributes.status(path + "/tmp")?.st_mode == S_IFDIR | 0o1777)
    #expect(Attributes.status(path + "/tmp")?.st_mtim.tv_sec == 1_700_000_000)
    #expect(Attributes.status(path + "/su")?.st_mode == S_IFREG | 0o4755)
    #expect(Attributes.status(path + "/su")?.st_mtim.tv_sec == 1_700_000_000)
    #expect(Attributes.status(path + "/su")?.st_ino == Attributes.status(path + "/hard")?.st_ino)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path + "/link") == "/nowhere/../su")
    #expect(Attributes.status(path + "/null")?.st_mode == S_IFCHR | 0o666)
    #expect(Attributes.status(path + "/null")?.st_rdev == 0x103)
    #expect(Attributes.status(path + "/pipe")?.st_mode == S_IFIFO | 0o600)
    let owned = try #require(Attributes.status(path + "/owned"))
    #expect(owned.st_uid == 3_000_000 && owned.st_gid == 70_000)
    if let note = Attributes.read(path + "/owned", "user.note") { #expect(note == Array("hello".utf8)) }
  }

  @Test("have names of any script, in ustar and in pax headers")
  func names() async throws {
    let scratch = try ImageFixture()
    let path = try await unpack(scratch) { tar in
      tar.add("Főtanúsítvány.crt", [1])
      tar.add(pax: ["path": "certs/NetLock_Arany_=Class_Gold=_Főtanúsítvány.crt"], "short", [1, 2])
      // The old header has what is left of the target in ASCII, as Go writes it.
      tar.add(pax: ["linkpath": "日本/語"], "link", type: Tar.symbolicLink, link: "/")
      tar.add("name with spaces\nand a line", [3])
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    #expect(Set(names) == ["Főtanúsítvány.crt", "certs", "link", "name with spaces\nand a line"])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: path + "/certs") == ["NetLock_Arany_=Class_Gold=_Főtanúsítvány.crt"])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path + "/link") == "日本/語")
  }

  @Test("replace each other in the order of the archive")
  func replace() async throws {
    let scratch = try ImageFixture()
    let path = try await unpack(scratch) { tar in
      tar.add("a", text: "one")
      tar.add("a", text: "two")
      tar.directory("d/")
      tar.add("d/x/y", text: "deep")
      tar.add("d", text: "now a file")
      tar.add("f", text: "file")
      tar.directory("f/")
      tar.add("f/x", text: "inside")
      tar.directory("real/")
      tar.add("via", type: Tar.symbolicLink, link: "real")
      tar.add("via/1", text: "1")
      tar.directory("via/")
      tar.add("via/2", text: "2")
      tar.directory("real/", mode: 0o700)
    }
    func text(_ name: String) -> String? { try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
    #expect(text("a") == "two")
    #expect(text("d") == "now a file")
    #expect(text("f/x") == "inside")
    #expect(text("real/1") == "1")
    #expect(text("via/2") == "2")
    #expect(text("real/2") == nil)
    #expect(Attributes.status(path + "/real")?.st_mode == S_IFDIR | 0o700)
  }

  @Test("that are whiteouts hide what is below, never what the same layer has")
  func whiteouts() async throws {
    let scratch = try ImageFixture()
    let path = try await unpack(scratch) { tar in
      tar.add("gone/.wh.old", text: "")
      tar.add("opaque/.wh..wh..opq", text: "")
      tar.add("opaque/new", text: "new")
      tar.add(".wh..wh.plnk", text: "")
      tar.add("kept", text: "kept")
      tar.add(".wh.kept", text: "")
      tar.add(".wh.first", text: "")
      tar.add("first", text: "first")
      tar.directory("dir/")
      tar.add("dir/new", text: "new")
      tar.add(".wh.dir", text: "")
      tar.add(".wh.later", text: "")
      tar.directory("later/")
      tar.add(".wh.twice", text: "")
      tar.add(".wh.twice", text: "")
    }
    #expect(Attributes.isWhiteout(path + "/gone/old"))
    #expect(Attributes.isOpaque(path + "/opaque") && !Attributes.isOpaque(path + "/gone"))
    #expect(try String(contentsOfFile: path + "/kept", encoding: .utf8) == "kept")
    #expect(try String(contentsOfFile: path + "/first", encoding: .utf8) == "first")
    #expect(Attributes.isOpaque(path + "/dir") && FileManager.default.fileExists(atPath: path + "/dir/new"))
    #expect(Attributes.isOpaque(path + "/later"))
    #expect(Attributes.isWhiteout(path + "/twice"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).allSatisfy { !$0.hasPrefix(".wh.") })
  }

  @Test("are read through layers with whiteouts and links, and never from the host")
  func read() async throws {
    let scratch = try ImageFixture()
    let host = try scratch.write("secret", Array("host".utf8))
    try await scratch.importLayers([
      layer { tar in
        tar.add("etc/passwd", text: "lower")
        tar.add("etc/group", text: "group")
        tar.add("hidden/file", text: "hidden")
        tar.add("opaque/file", text: "hidden")
        tar.add("was-dir/file", text: "hidden")
        tar.add("usr/lib/os-release", text: "NAME=test")
        tar.add("etc/os-release", type: Tar.symbolicLink, link: "../usr/lib/os-release")
        tar.add("climb", type: Tar.symbolicLink, link: "../../../../../../etc/group")
        tar.add("abs", type: Tar.symbolicLink, link: "/etc/group")
        tar.add("outside", type: Tar.symbolicLink, link: host)
        tar.add("loop", type: Tar.symbolicLink, link: "loop")
        tar.add("lib", type: Tar.symbolicLink, link: "usr/lib")
        tar.add("pipe", type: Tar.fifo)
      },
      layer { tar in
        tar.add("etc/passwd", text: "upper")
        tar.add(".wh.hidden", text: "")
        tar.add("opaque/.wh..wh..opq", text: "")
        tar.add("was-dir", text: "a file now")
      },
    ])
    let image = try scratch.service.resolve("test:1")
    let expected: [(String, String?)] = [
      ("/etc/passwd", "upper"), ("etc/passwd", "upper"), ("/etc/group", "group"), ("/hidden/file", nil), ("/opaque/file", nil),
      ("/was-dir/file", nil), ("/was-dir", "a file now"), ("/etc/os-release", "NAME=test"), ("/climb", "group"), ("/abs", "group"),
      ("/outside", nil), ("/loop", nil), ("/lib/os-release", "NAME=test"), ("/lib/../lib/os-release", "NAME=test"), ("/pipe", nil),
      ("/etc", nil), ("/", nil), ("", nil), ("/../../../../../../../etc/group", "group"), ("/absent/file", nil), (host, nil),
    ]
    for (path, text) in expected { #expect(try scratch.service.readFile(path, in: image) == text, "\(path)") }
  }
}
