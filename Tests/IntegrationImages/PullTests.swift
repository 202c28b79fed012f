import Foundation
import LinuxSystem
import OCISpec
import RegistrySupport
import Synchronization
import TestSupport
import Testing

@testable import Images

@Suite("Pulls from registries", .timeLimit(.minutes(5))) struct PullTests {
  private static func layer(_ name: String, _ size: Int = 100_000) -> [UInt8] {
    var random = SeededGenerator(UInt64(name.utf8.reduce(7) { $0 &* 31 &+ Int($1) }.magnitude))
    var tar = Tar()
    tar.add(name, (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    return tar.finished
  }

  /// A service that asks a registry, whatever image it is.
  private static func with<R>(
    _ registry: TestRegistry, patience: Duration = .seconds(60),
    _ body: (ImageService, ScriptedServer, ImageFixture) async throws -> R
  ) async throws -> R {
    let scratch = try ImageFixture()
    return try await ScriptedServer.with {
      registry.answer($0)
    } _: { server in
      let service = try ImageService(
        root: scratch.root, store: scratch.store, unpacker: Unpacker(program: ImageFixture.unpacker),
        registries: ImageFixture.registries(patience: patience))
      return try await body(service, server, scratch)
    }
  }

  private static func names(_ scratch: ImageFixture, _ path: String) -> [String] { HostState.names("\(scratch.root)/\(path)") }

  private static func code(_ body: () async throws -> Void) async -> ImageError.Code? {
    do { try await body() } catch { return (error as? ImageError)?.code }
    return nil
  }

  @Test("an image comes whole, however its layers are packed", arguments: TestImage.Compression.allCases)
  func whole(_ compression: TestImage.Compression) async throws {
    let registry = TestRegistry()
    var image = TestImage(layers: ["a", "b", "c", "d", "e"].map { Self.layer($0) }, user: "1000:5")
    image.compression = compression
    let digest = try registry.put(image, as: "me/app:v1")
    try await Self.with(registry) { service, server, scratch in
      let seen = Mutex<[ImportProgress]>([])
      let stored = try await service.pull("\(server.registry)/me/app:v1") { progress in seen.withLock { $0.append(progress) } }
      #expect(stored.id == image.id && stored.user == "1000:5")
      #expect(stored.repoTags == ["\(server.registry)/me/app:v1"] && stored.repoDigests == ["\(server.registry)/me/app@\(digest)"])
      let resolved = try service.resolve("\(server.registry)/me/app:v1")
      #expect(resolved.layers.map { HostState.names($0.path) } == [["e"], ["d"], ["c"], ["b"], ["a"]])
      let last = try #require(seen.withLock { $0 }.last)
      #expect(last.bytesDone == last.bytesTotal && last.bytesTotal > 0)
      #expect(Self.names(scratch, "layers") == ["1", "2", "3", "4", "5"])
      #expect(Self.names(scratch, "content/ingest").isEmpty)
      // Manifest, config, five layers.
      #expect(server.seen.count == 7)
      // Again: the registry is asked what the tag stands for, and nothing more.
      #expect(try await service.pull("\(server.registry)/me/app:v1").id == image.id)
      #expect(server.seen.count == 8)
    }
  }

  @Test("an index gives the image of this machine, and its own digest") func index() async throws {
    let registry = TestRegistry()
    let image = TestImage(layers: [Self.layer("mine")])
    let manifest = try registry.put(image, as: "x/x:x")
    func entry(_ digest: String, _ platform: Platform?) -> Descriptor {
      Descriptor(mediaType: .ociManifest, digest: digest, size: 500, platform: platform)
    }
    let other = Platform(architecture: "s390x")
    let index = ImageIndex(manifests: [entry(Digest.of([1]), other), entry(manifest, .current)])
    let target = registry.put(manifest: Array(try JSONEncoder().encode(index)), .ociIndex, as: "me/app:v1")
    let none = ImageIndex(manifests: [entry(manifest, other)])
    registry.put(manifest: Array(try JSONEncoder().encode(none)), .ociIndex, as: "me/app:other")
    try await Self.with(registry) { service, server, _ in
      let stored = try await service.pull("\(server.registry)/me/app:v1")
      #expect(stored.id == image.id && stored.repoDigests == ["\(server.registry)/me/app@\(target)"])
      #expect(try service.status("\(server.registry)/me/app@\(target)")?.id == image.id)
      #expect(await Self.code { _ = try await service.pull("\(server.registry)/me/app:other") } == .wrongPlatform)
    }
  }

  @Test("a pull by digest has no tag; a tag that moves leaves the old image its digest") func names() async throws {
    let registry = TestRegistry()
    let (old, new) = (TestImage(layers: [Self.layer("old")]), TestImage(layers: [Self.layer("new")]))
    let oldDigest = try registry.put(old, as: "me/app:v1")
    try await Self.with(registry) { service, server, _ in
      let name = "\(server.registry)/me/app"
      let byDigest = try await service.pull("\(name)@\(oldDigest)")
      #expect(byDigest.repoTags.isEmpty && byDigest.repoDigests == ["\(name)@\(oldDigest)"])
      #expect(try await service.pull("\(name):v1").repoTags == ["\(name):v1"])
      let newDigest = try registry.put(new, as: "me/app:v1")
      #expect(try await service.pull("\(name):v1").id == new.id)
      #expect(try service.status("\(name):v1")?.repoDigests == ["\(name)@\(newDigest)"])
      #expect(try service.status(old.id)?.repoTags == [])
      #expect(try service.status("\(name)@\(oldDigest)")?.id == old.id)
    }
  }

  @Test("a layer that many want at once is got once") func onceOnly() async throws {
    let registry = TestRegistry()
    let layers = ["p", "q"].map { Self.layer($0, 2_000_000) }
    for number in 0..<6 { try registry.put(TestImage(layers: layers + [Self.layer("own\(number)")]), as: "me/app:\(number)") }
    try await Self.with(registry) { service, server, _ in
      try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<6 { group.addTask { try await service.pull("\(server.registry)/me/app:\(number)").id } }
        var ids: Set<String> = []
        for try await id in group { ids.insert(id) }
        #expect(ids.count == 6)
      }
      for layer in layers {
        let path = "/v2/me/app/blobs/\(Digest.of(layer))"
        #expect(server.seen.filter { $0.path == path }.count == 1)
      }
    }
  }

  @Test(
    "what is wrong leaves nothing: no layer, no document, no name", arguments: ["digest", "missing", "diffID", "hostile", "cut"])
  func nothingLeft(_ fault: String) async throws {
    var image = TestImage(layers: [Self.layer("good"), Self.layer("bad")])
    image.compression = .gzip
    if fault == "diffID" { image.diffIDs = [Digest.of(image.layers[0]), Digest.of([1])] }
    if fault == "hostile" {
      var tar = Tar()
      tar.add("../../escape", [1])
      image.layers[1] = tar.finished
    }
    let bad = Digest.of(try image.compression.apply(image.layers[1]))
    let registry = TestRegistry { request, answer in
      guard request.path.hasSuffix(bad) else { return answer }
      var answer = answer
      switch fault {
      case "digest": answer.body[answer.body.count / 2] ^= 1
      case "missing": answer = .init(status: "404 Not Found")
      case "cut": (answer.length, answer.closes, answer.body) = (answer.body.count, true, Array(answer.body.prefix(100)))
      default: break
      }
      return answer
    }
    try registry.put(image, as: "me/app:v1")
    try await Self.with(registry) { service, server, scratch in
      let code = await Self.code { _ = try await service.pull("\(server.registry)/me/app:v1") }
      let expected: ImageError.Code? =
        switch fault {
        case "digest", "diffID": .digestMismatch
        case "missing": .notFound
        case "hostile": nil
        default: nil
        }
      if let expected { #expect(code == expected) }
      if fault == "hostile" {
        // Names that lead out are made harmless, never followed.
        #expect(
          !FileManager.default.fileExists(atPath: "\(scratch.root)/escape")
            && !FileManager.default.fileExists(atPath: "\(scratch.directory)/escape"))
        return
      }
      // A registry that answers each Range with the same cut body makes no progress.
      #expect(code != nil)
      #expect(service.list().isEmpty)
      #expect(Self.names(scratch, "layers").isEmpty)
      #expect(Self.names(scratch, "content/blobs/sha256").isEmpty)
    }
  }

  @Test(
    "what is no image for this runtime is refused with a reason",
    arguments: ["foreign", "both", "schema1", "artifact", "size", "layers", "layer size"])
  func refused(_ fault: String) async throws {
    let registry = TestRegistry()
    let image = TestImage(layers: [Self.layer("x")])
    let digest = try registry.put(image, as: "me/app:good")
    let manifest = try JSONDecoder().decode(
      ImageManifest.self, from: Data(registry.manifest(digest)))
    var changed = manifest
    var text: String?
    switch fault {
    case "foreign": changed.layers[0].mediaType = .dockerForeignLayerGzip
    case "both": text = #"{"manifests":[],"# + String(decoding: try JSONEncoder().encode(manifest), as: UTF8.self).dropFirst()
    case "schema1": text = #"{"schemaVersion":1,"fsLayers":[],"name":"x"}"#
    case "artifact": changed.config.mediaType = MediaType("application/vnd.cncf.helm.config.v1+json")
    case "size": changed.config.size = 1 << 40
    case "layer size": changed.layers[0].size = 1 << 40
    default: changed.layers += changed.layers
    }
    let bytes = try text.map { Array($0.utf8) } ?? Array(JSONEncoder().encode(changed))
    registry.put(manifest: bytes, as: "me/app:bad")
    try await Self.with(registry) { service, server, scratch in
      let code = await Self.code { _ = try await service.pull("\(server.registry)/me/app:bad") }
      #expect(code == (fault.hasSuffix("size") ? .tooLarge : .invalidArchive))
      #expect(Self.names(scratch, "layers").isEmpty)
      #expect(!server.seen.contains { $0.path.contains(manifest.layers[0].digest) })
    }
  }

  @Test("a registry that stands still holds up nobody who gets the same layer elsewhere") func stands() async throws {
    let image = TestImage(layers: [Self.layer("shared", 1_000_000)])
    let layer = Digest.of(image.layers[0])
    let stuck = TestRegistry { request, answer in
      guard request.path.hasSuffix(layer) else { return answer }
      return .init(body: Array(answer.body.prefix(200_000)), length: answer.body.count, hangs: true)
    }
    let good = TestRegistry()
    for registry in [stuck, good] { try registry.put(image, as: "me/app:v1") }
    try await Self.with(stuck) { service, server, scratch in
      try await ScriptedServer.with {
        good.answer($0)
      } _: { other in
        let pull = Task { try await service.pull("\(server.registry)/me/app:v1") }
        #expect(await eventually { server.seen.contains { $0.path.hasSuffix(layer) } })
        let pulled = try await service.pull("\(other.registry)/me/app:v1")
        pull.cancel()
        #expect(await Self.code { _ = try await pull.value } == .cancelled)
        let resolved = try service.resolve(image.id)
        #expect(pulled.id == image.id && Self.names(scratch, "layers").count == 1)
        #expect(resolved.layers.map { HostState.names($0.path) } == [["shared"]])
      }
    }
  }

  @Test(
    "a layer that a mirror damaged comes from the registry, however the damage shows", arguments: TestImage.Compression.allCases)
  func damagedByMirror(_ compression: TestImage.Compression) async throws {
    var image = TestImage(layers: [Self.layer("a", 3_000_000), Self.layer("b")])
    image.compression = compression
    let layer = Digest.of(try compression.apply(image.layers[0]))
    let mirror = TestRegistry { request, answer in
      guard request.path.hasSuffix(layer) else { return answer }
      var answer = answer
      for index in 1000..<1100 { answer.body[index] ^= 0x55 }
      return answer
    }
    let registry = TestRegistry()
    for registry in [mirror, registry] { try registry.put(image, as: "me/app:v1") }
    let scratch = try ImageFixture()
    try await ScriptedServer.with {
      mirror.answer($0)
    } _: { first in
      try await ScriptedServer.with {
        registry.answer($0)
      } _: { server in
        try scratch.write(
          "hosts/\(server.registry)/hosts.toml",
          Array("server = \"http://\(server.registry)\"\n[host.\"http://\(first.registry)\"]\n".utf8))
        let service = try ImageService(
          root: scratch.root, store: scratch.store, unpacker: Unpacker(program: ImageFixture.unpacker),
          registries: ImageFixture.registries("\(scratch.directory)/hosts"))
        let pulled = try await service.pull("\(server.registry)/me/app:v1")
        let resolved = try service.resolve(image.id)
        #expect(pulled.id == image.id && resolved.layers.map { HostState.names($0.path) } == [["b"], ["a"]])
        #expect(server.seen.map(\.path).filter { $0.contains("/blobs/") } == ["/v2/me/app/blobs/\(layer)"])
        #expect(Self.names(scratch, "layers").count == 2)
      }
    }
  }

  @Test("a cancelled pull ends at once: no connection, no process, no file") func cancelled() async throws {
    let image = TestImage(layers: [Self.layer("a"), Self.layer("b", 1_000_000)])
    let big = Digest.of(image.layers[1])
    let registry = TestRegistry { request, answer in
      guard request.path.hasSuffix(big) else { return answer }
      return .init(body: Array(answer.body.prefix(500_000)), length: answer.body.count, hangs: true)
    }
    try registry.put(image, as: "me/app:v1")
    try await Self.with(registry) { service, server, scratch in
      let pull = Task { try await service.pull("\(server.registry)/me/app:v1") }
      #expect(await eventually { server.seen.contains { $0.path.hasSuffix(big) } })
      // The first layer is here, the second one under way.
      #expect(await eventually { Self.names(scratch, "layers").contains { $0.hasSuffix(".tmp") } })
      pull.cancel()
      #expect(await Self.code { _ = try await pull.value } == .cancelled)
      #expect(await eventually { server.openConnections == 0 })
      #expect(Self.names(scratch, "layers").isEmpty)
      #expect(service.list().isEmpty)
    }
  }

  @Test("garbage that is collected meanwhile takes nothing of a pull, and other pulls go on") func garbage() async throws {
    let image = TestImage(layers: [Self.layer("first"), Self.layer("second", 1_000_000)])
    let slow = Digest.of(image.layers[1])
    let held = Mutex(true)
    let registry = TestRegistry { request, answer in
      guard request.path.hasSuffix(slow), held.withLock({ $0 }) else { return answer }
      return .init(body: Array(answer.body.prefix(200_000)), length: answer.body.count, hangs: true)
    }
    try registry.put(image, as: "me/app:slow")
    let quick = TestImage(layers: [Self.layer("first"), Self.layer("third")])
    try registry.put(quick, as: "me/app:quick")
    try await Self.with(registry, patience: .seconds(3)) { service, server, scratch in
      let pull = Task { try await service.pull("\(server.registry)/me/app:slow") }
      #expect(await eventually { Self.names(scratch, "layers").count == 2 && server.seen.contains { $0.path.hasSuffix(slow) } })
      #expect(try await service.pull("\(server.registry)/me/app:quick").id == quick.id)
      try await service.remove("\(server.registry)/me/app:quick")
      _ = try await service.collectGarbage(dryRun: false)
      // The registry stands still; after the patience the rest is asked for, and comes.
      held.withLock { $0 = false }
      #expect(try await pull.value.id == image.id)
      let resolved = try service.resolve(image.id)
      #expect(resolved.layers.map { HostState.names($0.path) } == [["second"], ["first"]])
    }
  }

  @Test("a local name is no registry's") func localNames() async throws {
    try await Self.with(TestRegistry()) { service, server, _ in
      #expect(await Self.code { _ = try await service.pull("localhost/app") } == .localOnly)
      #expect(await Self.code { _ = try await service.pull("Not A Name") } == .invalidReference)
      #expect(server.seen.isEmpty)
    }
  }
}
