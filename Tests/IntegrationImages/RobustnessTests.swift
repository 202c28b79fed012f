import Foundation
import Glibc
import LinuxSystem
import Store
import Testing

@testable import Images

@Suite("An image store on a bad day")
struct RobustnessTests {
  @Test("a FIFO or a device given as an archive is refused at once", arguments: ["fifo", "/dev/zero"])
  func notAFile(_ what: String) async throws {
    let scratch = try ImageFixture()
    var path = what
    if what == "fifo" {
      path = scratch.directory + "/a.tar"
      _ = unsafe mkfifo(path, 0o600)
    }
    let error = await #expect(throws: ImageError.self) { try await scratch.service.importArchive(path: path, pin: false) }
    #expect(error?.code == .invalidArchive && error?.message.contains("neither a file nor a directory") == true)
    try FileManager.default.createDirectory(atPath: scratch.directory + "/layout", withIntermediateDirectories: true)
    _ = unsafe mkfifo(scratch.directory + "/layout/index.json", 0o600)
    let layout = await #expect(throws: ImageError.self) {
      try await scratch.service.importArchive(path: scratch.directory + "/layout", pin: false)
    }
    #expect(layout?.code == .invalidArchive)
  }

  @Test("a full disk is said so, with what was needed and where, and nothing stays", arguments: [false, true])
  func full(_ compressed: Bool) async throws {
    let scratch = try ImageFixture()
    let small = scratch.directory + "/small"
    try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
    try HostFiles.mountTmpfs(at: small, size: 8 << 20, mode: 0o700)
    defer { try? HostFiles.unmount(small) }
    let service = try ImageService(root: small, store: try Store(path: nil), unpacker: ImageFixture.unpacker)
    // Compressed it fits, unpacked it does not.
    let image = TestImage(
      layers: [layer { tar in for number in 0..<32 { tar.add("f\(number)", [UInt8](repeating: 7, count: 1 << 20)) } }],
      compression: compressed ? .zstd : .none)
    let path = try scratch.write("a.tar", try image.ociArchive())
    let error = await #expect(throws: ImageError.self) { try await service.importArchive(path: path, pin: false) }
    #expect(error?.code == .noSpace, "\(String(describing: error))")
    let text = "\(try #require(error))"
    #expect(text.contains("no space left on device") && text.contains(small) && text.contains("iB "), "\(text)")
    for folder in ["layers", "content/ingest", "content/blobs/sha256"] {
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(small)/\(folder)") == [])
    }
    let fits = try scratch.write("b.tar", try TestImage(layers: goodLayers).ociArchive())
    #expect(try await service.importArchive(path: fits, pin: false).count == 1)
  }

  @Test("one unreadable record costs one image, not the start")
  func badRecord() async throws {
    let scratch = try ImageFixture()
    let first = try #require(try await scratch.importLayers([goodLayers[0]], tags: ["a:1"]))
    try await scratch.importLayers(goodLayers, tags: ["b:1"])
    try Documents("image.1", in: scratch.store).put(id: first.id, bytes: [0xff, 0, 1, 2])
    try scratch.restart()
    #expect(try scratch.service.status("a:1") == nil)
    #expect(try scratch.service.resolve("b:1").layers.count == 2)
    try await scratch.importLayers([goodLayers[0]], tags: ["a:1"])
    #expect(try scratch.service.resolve("a:1").layers.count == 1)
  }

  @Test("keeps what a newer agent wrote into a record")
  func newerRecord() async throws {
    let scratch = try ImageFixture()
    let image = try #require(try await scratch.importLayers(goodLayers))
    let documents = Documents("image.1", in: scratch.store)
    let row = try #require(try documents.get(image.id))
    let text =
      String(decoding: row.bytes, as: UTF8.self).replacing("swiftlet image 1", with: "swiftlet image 7") + "signature abc\n"
    try documents.put(id: image.id, bytes: Array(text.utf8))
    try scratch.restart()
    try await scratch.importLayers(goodLayers, tags: ["other:2"])
    let after = String(decoding: try #require(try documents.get(image.id)).bytes, as: UTF8.self)
    #expect(after.contains("signature abc\n") && after.contains("other:2"))
  }

  @Test("a lost database takes no layer from a container, and a new import finds what is there")
  func lostDatabase() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers)
    let image = try scratch.service.resolve("test:1")
    _ = try scratch.service.prepareSnapshot(owner: "c1", image: image)
    let service = try ImageService(root: scratch.root, store: try Store(path: nil), unpacker: ImageFixture.unpacker)
    #expect(service.list() == [])
    #expect(try await service.collectGarbage(dryRun: false).filter { $0.hasPrefix("layer") } == [])
    for layer in image.layers { #expect(FileManager.default.fileExists(atPath: layer.path)) }
    let path = try scratch.write("again.tar", try TestImage(layers: goodLayers).ociArchive())
    _ = try await service.importArchive(path: path, pin: false)
    #expect(try service.resolve("test:1").layers == image.layers)
  }

  @Test("writable layers that were never finished, or that no container has, are removed")
  func leftovers() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers)
    let image = try scratch.service.resolve("test:1")
    for owner in ["kept", "lost"] { _ = try scratch.service.prepareSnapshot(owner: owner, image: image) }
    try FileManager.default.createDirectory(
      atPath: scratch.root + "/containers/unfinished/upper/etc", withIntermediateDirectories: true)
    try scratch.restart()
    #expect(try scratch.names("containers") == ["kept", "lost"])
    #expect(scratch.service.snapshotOwners(except: ["kept"]) == ["lost"])
    try scratch.service.removeSnapshot(owner: "lost")
    #expect(try scratch.names("containers") == ["kept"])
  }

  @Test("a description of a writable layer that cannot be read keeps every layer")
  func damagedSnapshot() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers(goodLayers)
    _ = try scratch.service.prepareSnapshot(owner: "c1", image: try scratch.service.resolve("test:1"))
    try Data("what?".utf8).write(to: URL(filePath: scratch.root + "/containers/c1/snapshot"))
    try scratch.restart()
    try await scratch.service.remove("test:1")
    #expect(try scratch.names("layers").count == 2)
  }

  @Test("a list with a repository shows all its images, with a tag one")
  func repository() async throws {
    let scratch = try ImageFixture()
    try await scratch.importLayers([goodLayers[0]], tags: ["me/app:1"])
    try await scratch.importLayers([goodLayers[1]], tags: ["me/app:2"])
    try await scratch.importLayers(goodLayers, tags: ["me/apple:2"])
    #expect(try scratch.service.list(matching: "me/app").count == 2)
    #expect(try scratch.service.list(matching: "me/app:2").count == 1)
    #expect(try scratch.service.list(matching: "me/app:3") == [])
    #expect(try scratch.service.list(matching: "nothing") == [])
    let id = try #require(try scratch.service.status("me/app:1")).id
    #expect(try scratch.service.list(matching: String(id.dropFirst(7).prefix(12))).map(\.id) == [id])
  }

  @Test("names and layers are looked up without the database")
  func memory() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "memory-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let store = try Store(path: directory + "/db")
    let service = try ImageService(root: directory, store: store, unpacker: ImageFixture.unpacker)
    let archive = directory + "/a.tar"
    try Data(try TestImage(layers: goodLayers).ociArchive()).write(to: URL(filePath: archive))
    _ = try await service.importArchive(path: archive, pin: false)
    _ = try service.resolve("test:1")
    // A transaction holds the database; the look-up does not wait for it.
    let (held, continuation) = AsyncStream.makeStream(of: Void.self)
    let gate = DispatchSemaphore(value: 0)
    let holder = Task {
      try await store.write { _ in
        continuation.yield(())
        gate.wait()
      }
    }
    for await _ in held { break }
    #expect(try service.resolve("test:1").layers.count == 2)
    #expect(service.list().count == 1)
    gate.signal()
    try await holder.value
  }
}
