import Foundation
import Testing

@testable import Images

@Suite("Images, their layers and their files on disk")
struct ImageLifeTests {
  @Test("an image is found by id, prefix, tag, short name and digest")
  func lookUp() async throws {
    let scratch = try ImageFixture()
    let image = try #require(try await scratch.importLayers(goodLayers, tags: ["test:latest", "me/app:2"]))
    let hex = String(image.id.dropFirst(7))
    for text in [
      image.id, hex, String(hex.prefix(12)), "test", "test:latest", "docker.io/library/test:latest", "me/app:2",
      image.repoDigests[0],
    ] {
      #expect(try scratch.service.status(text)?.id == image.id, "\(text)")
    }
    for text in ["test:1", "me/app", "xx", "", "nothing@" + image.id, String(hex.prefix(2))] {
      #expect(try scratch.service.status(text) == nil, "\(text)")
    }
    #expect(#expect(throws: ImageError.self) { try scratch.service.resolve("absent:1") }?.code == .notFound)
  }

  @Test("removal by one tag removes the image with all its tags, twice is no error")
  func remove() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers, tags: ["a:1", "b:2"])
    try await scratch.service.remove("a:1")
    try scratch.expectEmpty()
    try await scratch.service.remove("a:1")
    try await scratch.service.remove("b:2")
  }

  @Test("removal keeps the layers that another image has")
  func sharedLayers() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers([goodLayers[0]], tags: ["a:1"])
    try await scratch.importLayers(goodLayers, tags: ["b:1"])
    try await scratch.service.remove("b:1")
    #expect(try scratch.names("layers").count == 1)
    #expect(try scratch.service.readFile("/etc/passwd", in: try scratch.service.resolve("a:1")) != nil)
    try await scratch.service.remove("a:1")
    try scratch.expectEmpty()
  }

  @Test("layers stay while a container stands on them, and go after it")
  func snapshots() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers)
    let image = try scratch.service.resolve("test:1")
    let snapshot = try scratch.service.prepareSnapshot(owner: "c1", image: image)
    try Data([1, 2, 3]).write(to: URL(filePath: snapshot.upper + "/file"))
    #expect(try scratch.service.snapshotUsage(owner: "c1").inodes >= 1)
    try await scratch.service.remove("test:1")
    #expect(scratch.service.list() == [])
    #expect(try scratch.names("layers").count == 2)
    #expect(try await scratch.service.collectGarbage(dryRun: false) == [])
    try scratch.restart()
    #expect(try scratch.names("layers").count == 2)
    try scratch.service.removeSnapshot(owner: "c1")
    try scratch.service.removeSnapshot(owner: "c1")
    #expect(try scratch.names("containers") == [])
    #expect(try await scratch.service.collectGarbage(dryRun: true).count == 2)
    #expect(try scratch.names("layers").count == 2)
    #expect(try await scratch.service.collectGarbage(dryRun: false).count == 2)
    try scratch.expectEmpty()
  }

  @Test("an image imported again gives its layers to the containers that kept them")
  func importedAgain() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers)
    let image = try scratch.service.resolve("test:1")
    _ = try scratch.service.prepareSnapshot(owner: "c1", image: image)
    try await scratch.service.remove("test:1")
    try await scratch.importLayers(goodLayers)
    #expect(try scratch.service.resolve("test:1").layers == image.layers)
  }

  @Test("what a crash left is gone after a start, and the image can be used or imported again")
  func crash() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers)
    let image = try scratch.service.resolve("test:1")
    let before = try scratch.names("layers")
    // Between any two steps of an import: half-made, unpacked but not recorded, taken apart.
    for path in ["layers/7.tmp/diff/etc", "layers/9/diff/etc", "content/ingest/123"] {
      try FileManager.default.createDirectory(atPath: "\(scratch.root)/\(path)", withIntermediateDirectories: true)
      try Data([1]).write(to: URL(filePath: "\(scratch.root)/\(path)/file"))
    }
    let orphan = String(repeating: "ab", count: 32)
    try Data([1]).write(to: URL(filePath: "\(scratch.root)/content/blobs/sha256/\(orphan)"))
    try scratch.restart()
    #expect(try scratch.names("layers") == before)
    #expect(try scratch.names("content/ingest") == [])
    #expect(try await scratch.service.collectGarbage(dryRun: false) == ["blob sha256:\(orphan)"])
    #expect(try scratch.service.resolve("test:1").layers == image.layers)
    // A layer that vanished is said to be gone, and comes back with the next import.
    try FileManager.default.removeItem(atPath: "\(scratch.root)/layers/\(before[0])")
    try scratch.restart()
    #expect(
      #expect(throws: ImageError.self) { try scratch.service.resolve("test:1") }?.message.contains("import the image again") == true
    )
    try await scratch.importLayers(goodLayers)
    #expect(try scratch.service.resolve("test:1").layers.count == 2)
  }

  @Test("a cancelled import leaves nothing")
  func cancelled() async throws {
    let scratch = try ImageFixture()
    let big = layer { tar in for number in 0..<400 { tar.add("f\(number)", [UInt8](repeating: 7, count: 4096)) } }
    let path = try scratch.write("a.tar", try TestImage(layers: [big]).ociArchive())
    let service = scratch.service
    let task = Task { try await service.importArchive(path: path, pin: false) }
    task.cancel()
    let result = await task.result
    if case .failure(let error) = result {
      #expect((error as? ImageError)?.code == .cancelled)
      try scratch.expectEmpty()
    } else {
      Issue.record("a task cancelled before its import imported")
    }
  }

  @Test("usage is what lies on the disk: layers, documents, and what containers wrote, told apart")
  func usage() async throws {
    let scratch = try ImageFixture()
    let empty = try scratch.service.imageUsage()
    let image = try #require(
      try await scratch.importLayers([
        layer { tar in
          tar.add("a", [UInt8](repeating: 1, count: 5000))
          tar.add("b", [1])
          tar.add("c", type: Tar.hardLink, link: "a")
        }
      ]))
    #expect(image.size == 5001)
    let usage = try scratch.service.imageUsage()
    #expect(usage.path == scratch.root + "/layers")
    // Blocks of 4 KiB: two and one for the files, at least one for each of config and manifest.
    #expect(usage.bytes - empty.bytes >= 5 * 4096)
    #expect(usage.inodes - empty.inodes == 4)
    #expect(try scratch.service.containersUsage() == DiskUsage(path: scratch.root + "/containers", bytes: 0, inodes: 0))
    let snapshot = try scratch.service.prepareSnapshot(owner: "c1", image: try scratch.service.resolve("test:1"))
    try Data(count: 40_000).write(to: URL(filePath: snapshot.upper + "/file"))
    let written = try scratch.service.containersUsage()
    #expect(written.bytes >= 40_000 && written.inodes == 1)
    #expect(try scratch.service.imageUsage() == usage)
    try scratch.restart()
    #expect(try scratch.service.imageUsage() == usage, "known again after a start")
    #expect(try scratch.service.containersUsage() == written)
  }
}
