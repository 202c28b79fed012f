import Foundation
import OCISpec
import Testing

@testable import Images

@Suite("An import")
struct ImportTests {
  enum Format: CaseIterable, Sendable { case ociDirectory, ociArchive, dockerArchive }

  @Test("reads every format and compression", arguments: Format.allCases, TestImage.Compression.allCases)
  func formats(_ format: Format, _ compression: TestImage.Compression) async throws {
    let scratch = try ImageFixture()
    let image = TestImage(layers: goodLayers, tags: ["test:1", "other:2"], user: "7:8", compression: compression)
    let path: String
    switch format {
    case .ociDirectory:
      for (name, bytes) in try image.layout() { try scratch.write("layout/\(name)", bytes) }
      path = scratch.directory + "/layout"
    case .ociArchive: path = try scratch.write("a.tar", try compression.apply(image.ociArchive()))
    case .dockerArchive: path = try scratch.write("a.tar", try compression.apply(image.dockerArchive()))
    }
    let stored = try await scratch.service.importArchive(path: path, pin: false)
    #expect(stored.map(\.id) == [image.id])
    #expect(stored.first?.repoTags == ["docker.io/library/other:2", "docker.io/library/test:1"])
    #expect(stored.first?.user == "7:8")
    #expect(stored.first?.repoDigests.count == (format == .dockerArchive ? 0 : 2))
    let resolved = try scratch.service.resolve("test:1")
    #expect(resolved.layers.count == 2)
    #expect(try scratch.service.readFile("/etc/hostname", in: resolved) == "test\n")
    #expect(try scratch.service.readFile("/etc/passwd", in: resolved)?.hasPrefix("root:") == true)
    #expect(try scratch.names("content/ingest") == [])
    if format == .ociDirectory {
      #expect(FileManager.default.fileExists(atPath: path + "/index.json"), "the source is not consumed")
    }
  }

  @Test("of the same image again changes nothing and adds its new names")
  func again() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers, tags: ["test:1"])
    let before = (try scratch.names("layers"), try scratch.names("content/blobs/sha256"))
    let image = try #require(try await scratch.importLayers(goodLayers, tags: ["test:2"]))
    #expect(image.repoTags == ["docker.io/library/test:1", "docker.io/library/test:2"])
    #expect(try scratch.names("layers") == before.0)
    #expect(try scratch.names("content/blobs/sha256") == before.1)
    #expect(scratch.service.list().count == 1)
  }

  @Test("moves a tag; the image that had it stays by its digest")
  func moveTag() async throws {
    let scratch = try ImageFixture()
    let old = try #require(try await scratch.importLayers([goodLayers[0]]))
    let new = try #require(try await scratch.importLayers(goodLayers))
    #expect(try scratch.service.status("test:1")?.id == new.id)
    let left = try #require(try scratch.service.status(old.id))
    #expect(left.repoTags == [])
    #expect(left.repoDigests == old.repoDigests)
    #expect(try scratch.service.status(try #require(old.repoDigests.first))?.id == old.id)
  }

  @Test("shares layers between images, and lists a layer once that an image has twice")
  func sharing() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers([goodLayers[0]], tags: ["a:1"])
    try await scratch.importLayers([goodLayers[0], goodLayers[1], goodLayers[0]], tags: ["b:1"])
    #expect(try scratch.names("layers").count == 2)
    #expect(try scratch.service.resolve("b:1").layers.count == 2)
    #expect(try scratch.service.resolve("b:1").layers.first == scratch.service.resolve("a:1").layers.first)
  }

  @Test("of an image for another platform is refused with both names", arguments: [true, false])
  func platform(_ docker: Bool) async throws {
    let scratch = try ImageFixture()
    let image = TestImage(layers: goodLayers, platform: Platform(architecture: "s390x", os: "linux"))
    let bytes = docker ? try image.dockerArchive() : try image.ociArchive()
    let error = await #expect(throws: ImageError.self) { try await scratch.importArchive(bytes) }
    #expect(error?.code == .wrongPlatform)
    #expect(error?.message.contains("s390x") == true && error?.message.contains("\(Platform.current)") == true)
    try scratch.expectEmpty()
  }

  @Test("of an archive that lacks a file or has a changed one is refused and leaves nothing")
  func missing() async throws {
    let files = try TestImage(layers: goodLayers).layout()
    for (number, (name, bytes)) in files.enumerated() {
      for change in ["missing", "changed", "longer"] where !(name == "oci-layout" && change != "missing") {
        let scratch = try ImageFixture()
        var tar = Tar()
        for (index, file) in files.enumerated() {
          if index != number {
            tar.add(file.0, file.1)
          } else if change == "longer" {
            tar.add(name, bytes + [0x20])
          } else if change == "changed" {
            tar.add(name, [bytes[0] ^ 1] + bytes.dropFirst())
          }
        }
        let longerIndex = name == "index.json" && change == "longer"  // white space after JSON is nothing
        if longerIndex { continue }
        let error = await #expect(throws: ImageError.self, "\(name) \(change)") { try await scratch.importArchive(tar.finished) }
        let expected: ImageError.Code = name.hasPrefix("blobs") && change != "missing" ? .digestMismatch : .invalidArchive
        #expect(error?.code == expected, "\(name) \(change): \(String(describing: error))")
        try scratch.expectEmpty("\(name) \(change)")
      }
    }
  }

  @Test("of a layer that is not what the config says leaves nothing, its good layers neither")
  func wrongDiffID() async throws {
    let scratch = try ImageFixture()
    var image = TestImage(layers: goodLayers)
    image.diffIDs = [Digest.of(goodLayers[0]), Digest.of([1, 2, 3])]
    let bytes = try image.ociArchive()
    let error = await #expect(throws: ImageError.self) { try await scratch.importArchive(bytes) }
    #expect(error?.code == .digestMismatch)
    try scratch.expectEmpty()
    image.diffIDs = ["sha256:../../../../etc", "x"]
    let hostile = try image.ociArchive()
    #expect(await #expect(throws: ImageError.self) { try await scratch.importArchive(hostile) }?.code == .invalidArchive)
    image.diffIDs = [Digest.of(goodLayers[0])]
    let short = try image.ociArchive()
    #expect(await #expect(throws: ImageError.self) { try await scratch.importArchive(short) }?.code == .invalidArchive)
    try scratch.expectEmpty()
  }

  @Test("of an archive that `tar .` made, whose first entry is the directory itself")
  func topDirectory() async throws {
    let scratch = try ImageFixture()
    let image = TestImage(layers: [layer { $0.add("a", text: "1") }])
    var tar = Tar()
    tar.directory("./")
    tar.directory("./blobs/")
    for (name, bytes) in try image.layout() { tar.add("./" + name, bytes) }
    _ = try await scratch.importArchive(tar.finished)
    #expect(scratch.service.list().map(\.id) == [image.id])
  }

  @Test("takes the last of two entries of one name, as tar does")
  func duplicates() async throws {
    let scratch = try ImageFixture()
    var tar = Tar()
    tar.add("index.json", text: "not JSON")
    for (name, bytes) in try TestImage(layers: goodLayers).layout() {
      tar.add(name, bytes)
      tar.add("./" + name, bytes)
    }
    #expect(try await scratch.importArchive(tar.finished).count == 1)
  }

  @Test(
    "of what is no image archive says so", arguments: ["nothing", "text", "an empty tar", "names that lead out", "a directory"])
  func noArchive(_ what: String) async throws {
    let scratch = try ImageFixture()
    var tar = Tar()
    var path = scratch.directory + "/x"
    switch what {
    case "nothing": try scratch.write("x", [])
    case "text": try scratch.write("x", Array("hello world, this is no archive\n".utf8))
    case "an empty tar": try scratch.write("x", tar.finished)
    case "names that lead out":
      tar.add("../../index.json", text: "{}")
      try scratch.write("x", tar.finished)
    default: path = scratch.directory
    }
    let error = await #expect(throws: ImageError.self) { try await scratch.service.importArchive(path: path, pin: false) }
    #expect(error?.code == .invalidArchive, "\(String(describing: error))")
    #expect(error?.message.contains(path) == true)
    let absent = await #expect(throws: ImageError.self) {
      try await scratch.service.importArchive(path: path + "absent", pin: false)
    }
    #expect(absent?.code == .inputOutput)
    try scratch.expectEmpty()
  }
}
