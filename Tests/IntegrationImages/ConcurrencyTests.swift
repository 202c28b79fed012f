import Foundation
import Glibc
import LinuxSystem
import Testing

@testable import Images

@Suite("Images used by many at once")
struct ConcurrencyTests {
  private func big(_ seed: UInt8, megabytes: Int = 24) -> [UInt8] {
    layer { tar in tar.add("data", [UInt8](repeating: seed, count: megabytes << 20)) }
  }

  @Test("what was resolved keeps its layers until a container stands on them, whatever is removed meanwhile")
  func lease() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers)
    let image = try scratch.service.resolve("test:1")
    try await scratch.service.remove("test:1")
    _ = try await scratch.service.collectGarbage(dryRun: false)
    for layer in image.layers { #expect(FileManager.default.fileExists(atPath: layer.path)) }
    _ = try scratch.service.prepareSnapshot(owner: "c1", image: image)
    #expect(try await scratch.service.collectGarbage(dryRun: false) == [])
    for layer in image.layers { #expect(FileManager.default.fileExists(atPath: layer.path)) }
  }

  @Test("creates, removals, imports and collections at once never lose a layer that is in use")
  func race() async throws {
    let scratch = try ImageFixture()
    let path = try scratch.write("a.tar", try TestImage(layers: goodLayers).ociArchive())
    let service = scratch.service
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          for round in 0..<15 {
            guard let image = try? service.resolve("test:1") else { continue }
            let owner = "c\(worker)-\(round)"
            _ = try service.prepareSnapshot(owner: owner, image: image)
            for layer in image.layers { #expect(FileManager.default.fileExists(atPath: layer.path), "\(layer.path)") }
            try service.removeSnapshot(owner: owner)
          }
        }
      }
      group.addTask { for _ in 0..<15 { _ = try await service.importArchive(path: path, pin: false) } }
      group.addTask { for _ in 0..<15 { _ = try await service.importArchive(path: path, pin: false) } }
      group.addTask { for _ in 0..<30 { try await service.remove("test:1") } }
      try await group.waitForAll()
    }
    _ = try await service.importArchive(path: path, pin: false)
    let image = try service.resolve("test:1")
    for layer in image.layers { #expect(FileManager.default.fileExists(atPath: layer.path)) }
    #expect(try scratch.names("layers").count == 2)
  }

  @Test("two imports of one layer unpack it once; one of them cancelled takes it from nobody")
  func sharedLayer() async throws {
    let scratch = try ImageFixture()
    let shared = big(1)
    let paths = try ["a:1", "b:1", "c:1"].map { tag in
      try scratch.write("\(tag).tar", try TestImage(layers: [shared], tags: [tag]).ociArchive())
    }
    let service = scratch.service
    let tasks = paths.map { path in Task { try await service.importArchive(path: path, pin: false) } }
    tasks[0].cancel()
    _ = await tasks[0].result
    for task in tasks.dropFirst() { _ = try await task.value }
    #expect(try scratch.names("layers").count == 1)
    let layer = try #require(try service.resolve("b:1").layers.first)
    #expect(FileManager.default.fileExists(atPath: layer.path + "/data"))
  }

  @Test("a cancelled import ends at once and its unpackers with it")
  func cancelled() async throws {
    let scratch = try ImageFixture()
    let image = TestImage(layers: [big(1, megabytes: 96)], compression: .gzip)
    let path = try scratch.write("a.tar", try image.ociArchive())
    let service = scratch.service
    let (began, continuation) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      try await service.importArchive(path: path, pin: false) { progress in
        if progress.stage == "unpacking", progress.bytesDone > 0 { continuation.yield(()) }
      }
    }
    for await _ in began { break }
    task.cancel()
    let result = await task.result
    #expect(throws: ImageError.self) { _ = try result.get() }
    if case .failure(let error) = result { #expect((error as? ImageError)?.code == .cancelled, "\(error)") }
    try scratch.expectEmpty()
    #expect(children(named: "unpacker") == [])
  }

  /// Processes of this test's process, zombies too.
  private func children(named name: String) -> [String] {
    let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.filter { Int32($0) != nil } ?? []
    return pids.filter { pid in
      guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), stat.contains("(\(name))") else {
        return false
      }
      return stat.split(separator: ") ").last?.split(separator: " ").dropFirst().first.map(String.init) == "\(getpid())"
    }
  }

  @Test("an import that waits does not hold up another one, nor a look-up")
  func independent() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers, tags: ["small:1"])
    let slow = try scratch.write("slow.tar", try TestImage(layers: [big(2, megabytes: 64)], tags: ["slow:1"]).ociArchive())
    let quick = try scratch.write("quick.tar", try TestImage(layers: [goodLayers[1]], tags: ["quick:1"]).ociArchive())
    let service = scratch.service
    let (began, continuation) = AsyncStream.makeStream(of: Void.self)
    let othersAreDone = Monitored(false)
    let task = Task {
      try await service.importArchive(path: slow, pin: false) { progress in
        if progress.stage == "unpacking", progress.bytesDone > 0 {
          continuation.yield(())
          // The import's own thread.
          _ = othersAreDone.wait { $0 ? true : nil }
        }
      }
    }
    for await _ in began { break }
    #expect(try service.resolve("small:1").layers.count == 2)
    _ = try await service.importArchive(path: quick, pin: false)
    #expect(try service.status("slow:1") == nil, "the slow one was still at work")
    try await service.remove("quick:1")
    othersAreDone.broadcast { $0 = true }
    _ = try await task.value
    #expect(try service.status("slow:1") != nil)
  }
}
