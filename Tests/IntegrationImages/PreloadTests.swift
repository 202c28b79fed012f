import Foundation
import Testing

@testable import Images

@Suite("The preload directory")
struct PreloadTests {
  private func archive(_ tag: String, layers: Int = 2) throws -> [UInt8] {
    try TestImage(layers: Array(goodLayers.prefix(layers)), tags: [tag]).ociArchive()
  }

  @Test("brings in and pins every archive; what did not change is skipped")
  func preload() async throws {
    let scratch = try ImageFixture()
    try scratch.write("pre/a.tar", try archive("a:1"))
    try scratch.write("pre/b.tar.zst", try TestImage.Compression.zstd.apply(try archive("b:1", layers: 1)))
    for (name, bytes) in try TestImage(layers: [], tags: ["c:1"]).layout() { try scratch.write("pre/layout/\(name)", bytes) }
    try scratch.write("pre/readme.txt", [1])
    try scratch.write("pre/.a.tar.partial.tar", [1])
    let report = try await scratch.service.preload(directory: scratch.directory + "/pre")
    #expect(report.imported == ["docker.io/library/a:1", "docker.io/library/b:1", "docker.io/library/c:1"])
    #expect(report.failures == [])
    #expect(scratch.service.list().count == 3)
    #expect(scratch.service.list().map(\.pinned) == [true, true, true])
    try scratch.restart()
    let second = try await scratch.service.preload(directory: scratch.directory + "/pre")
    #expect(second.imported == [] && second.failures == [])
  }

  @Test("imports an image again that was removed, and a file that changed")
  func changes() async throws {
    let scratch = try ImageFixture()
    let pre = scratch.directory + "/pre"
    try scratch.write("pre/a.tar", try archive("a:1"))
    _ = try await scratch.service.preload(directory: pre)
    let first = try #require(try scratch.service.status("a:1"))
    try await scratch.service.remove("a:1")
    #expect(try await scratch.service.preload(directory: pre).imported == ["docker.io/library/a:1"])
    try scratch.write("pre/a.tar", try archive("a:2", layers: 1))
    #expect(try await scratch.service.preload(directory: pre).imported == ["docker.io/library/a:2"])
    #expect(try scratch.service.status(first.id)?.pinned == false, "no file stands for it any more")
    #expect(try scratch.service.status("a:2")?.pinned == true)
  }

  @Test("unpins an image when its last file is gone")
  func unpin() async throws {
    let scratch = try ImageFixture()
    let pre = scratch.directory + "/pre"
    let first = try scratch.write("pre/a.tar", try archive("a:1"))
    let second = try scratch.write("pre/same.tar", try archive("a:1"))
    _ = try await scratch.service.preload(directory: pre)
    try FileManager.default.removeItem(atPath: first)
    _ = try await scratch.service.preload(directory: pre)
    #expect(try scratch.service.status("a:1")?.pinned == true)
    try FileManager.default.removeItem(atPath: second)
    _ = try await scratch.service.preload(directory: pre)
    #expect(try scratch.service.status("a:1")?.pinned == false)
  }

  @Test("says what it could not import and goes on; a missing directory is an empty one")
  func failures() async throws {
    let scratch = try ImageFixture()
    let empty = try await scratch.service.preload(directory: scratch.directory + "/absent")
    #expect(empty.imported == [] && empty.failures == [])
    try scratch.write("pre/a.tar", Array("damaged".utf8))
    try scratch.write("pre/b.tar", try archive("b:1"))
    let report = try await scratch.service.preload(directory: scratch.directory + "/pre")
    #expect(report.imported == ["docker.io/library/b:1"])
    #expect(report.failures.count == 1 && report.failures[0].contains("/pre/a.tar"))
  }
}
