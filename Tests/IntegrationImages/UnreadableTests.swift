import Foundation
import Glibc
import LinuxSystem
import Testing

@testable import Images

/// A name that leads to itself: reading it fails, and not because nothing is there.
private func makeUnreadable(_ path: String) throws {
  try? FileManager.default.removeItem(atPath: path)
  try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
}

@Suite("What an image store cannot read")
struct UnreadableTests {
  @Test("a writable layer whose description fails to read stays, with every layer, and is reported")
  func snapshot() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers)
    let snapshot = try scratch.service.prepareSnapshot(owner: "c1", image: try scratch.service.resolve("test:1"))
    try Data("work".utf8).write(to: URL(filePath: snapshot.upper + "/kept"))
    try makeUnreadable(scratch.root + "/containers/c1/snapshot")
    try scratch.restart()
    #expect(FileManager.default.fileExists(atPath: snapshot.upper + "/kept"))
    #expect(scratch.service.problems.count == 1 && scratch.service.problems[0].contains("/containers/c1"))
    try await scratch.service.remove("test:1")
    #expect(try scratch.names("layers").count == 2)
  }

  @Test("a description that a power loss emptied is an unfinished container's only when nothing was made after it")
  func emptied() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers)
    for owner in ["started", "unfinished"] {
      _ = try scratch.service.prepareSnapshot(owner: owner, image: try scratch.service.resolve("test:1"))
      try Data().write(to: URL(filePath: scratch.root + "/containers/\(owner)/snapshot"))
    }
    try FileManager.default.removeItem(atPath: scratch.root + "/containers/unfinished/work")
    try scratch.restart()
    #expect(try scratch.names("containers") == ["started"])
    try await scratch.service.remove("test:1")
    #expect(try scratch.names("layers").count == 2)
  }

  @Test("a layer whose description fails to read stays; its number is not used again")
  func layer() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers)
    try makeUnreadable(scratch.root + "/layers/2/layer")
    try scratch.restart()
    #expect(try scratch.names("layers") == ["1", "2"])
    #expect(scratch.service.problems.count == 1 && scratch.service.problems[0].contains("/layers/2"))
    try await scratch.importLayers(goodLayers)
    #expect(try scratch.names("layers") == ["1", "2", "3"])
    #expect(try scratch.service.resolve("test:1").layers.count == 2)
  }

  @Test("a preloaded archive that cannot be looked at is not gone: its image stays pinned")
  func preloaded() async throws {
    let scratch = try ImageFixture()
    let pre = scratch.directory + "/pre"
    let path = try scratch.write("pre/a.tar", try TestImage(layers: goodLayers, tags: ["a:1"]).ociArchive())
    _ = try await scratch.service.preload(directory: pre)
    try makeUnreadable(path)
    let report = try await scratch.service.preload(directory: pre)
    #expect(report.failures.count == 1 && report.failures[0].contains("/pre/a.tar"), "\(report)")
    #expect(try scratch.service.status("a:1")?.pinned == true)
  }

  @Test("a preloaded image that lost a layer is imported again")
  func lostLayer() async throws {
    let scratch = try ImageFixture()
    let pre = scratch.directory + "/pre"
    try scratch.write("pre/a.tar", try TestImage(layers: goodLayers, tags: ["docker.io/library/a:1"]).ociArchive())
    _ = try await scratch.service.preload(directory: pre)
    try FileManager.default.removeItem(atPath: scratch.root + "/layers/1")
    try scratch.restart()
    #expect(try await scratch.service.preload(directory: pre).imported == ["docker.io/library/a:1"])
    #expect(try scratch.service.resolve("a:1").layers.count == 2)
  }

  @Test("a layer that cannot be removed holds up no other, and is removed later")
  func stuckLayer() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers([goodLayers[0]], tags: ["a:1"])
    try await scratch.importLayers([goodLayers[1]], tags: ["b:1"])
    // A mount point cannot be renamed.
    try HostFiles.mountTmpfs(at: scratch.root + "/layers/1", size: 1 << 20, mode: 0o700)
    var mounted = true
    defer { if mounted { try? HostFiles.unmount(scratch.root + "/layers/1") } }
    for name in ["a:1", "b:1"] {
      let error = await #expect(throws: ImageError.self) { try await scratch.service.remove(name) }
      #expect(error?.message.contains("cannot remove layer") == true)
    }
    #expect(try scratch.names("layers") == ["1"])
    try HostFiles.unmount(scratch.root + "/layers/1")
    mounted = false
    _ = try await scratch.service.collectGarbage(dryRun: false)
    #expect(try scratch.names("layers") == [])
  }
}
