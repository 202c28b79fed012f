import NIOHTTP1
import OCISpec
import RegistrySupport
import TestSupport
import Testing
@testable import Registry

@Suite("Manifests of a registry", .timeLimit(.minutes(5))) struct ManifestTests {
  private static let digest = Digest.of(Array(manifestText.utf8))

  @Test("a manifest is what its bytes are, whatever the registry says it is") func digests() async throws {
    try await ScriptedServer.with { request in
      request.path.hasSuffix("/wrong")
        ? .json(manifestText, [("Docker-Content-Digest", "sha256:" + String(repeating: "0", count: 64))])
        : .init(
          headers: [("Content-Type", "application/vnd.oci.image.manifest.v1+json; charset=utf-8")], body: Array(manifestText.utf8))
    } _: { server in
      try await withSession(server.registry, path: "a/b") { session in
        let manifest = try await session.manifest("v1")
        #expect(manifest.digest == Self.digest && manifest.mediaType == MediaType.ociManifest.rawValue)
        #expect(try await session.manifest(Self.digest).bytes == manifest.bytes)
        #expect(server.seen.map(\.target) == ["/v2/a/b/manifests/v1", "/v2/a/b/manifests/\(Self.digest)"])
        #expect(server.seen[0].headers.first(name: "accept")?.contains(MediaType.dockerIndex.rawValue) == true)
        #expect(await registryFailure { _ = try await session.manifest("wrong") }?.code == .digestMismatch)
        let other = Digest.of([1])
        #expect(await registryFailure { _ = try await session.manifest(other) }?.code == .digestMismatch)
      }
    }
  }

  @Test("a manifest has 4 MiB at most, said or not", arguments: [true, false]) func huge(_ isSaid: Bool) async throws {
    try await ScriptedServer.with { _ in
      isSaid ? .init(length: 1 << 40, hangs: true) : .init(body: Array(repeating: 0, count: 1 << 16), isEndless: true)
    } _: { server in
      try await withSession(server.registry) { session in
        #expect(await registryFailure { _ = try await session.manifest("latest") }?.code == .tooLarge)
        #expect(await eventually { server.openConnections == 0 })
      }
    }
  }

  @Test("headers without end are refused") func hugeHeaders() async throws {
    let many = (0..<5000).map { ("X-\($0)", String(repeating: "a", count: 100)) }
    try await ScriptedServer.with { _ in
      .init(headers: many)
    } _: { server in
      var settings = testSettings()
      settings.retries.attempts = 1
      try await withSession(server.registry, settings: settings) { session in
        #expect(await registryFailure { _ = try await session.manifest("latest") } != nil)
      }
    }
  }

  @Test("an absent one is not found, and the error names all of it") func absent() async throws {
    try await ScriptedServer.with { _ in
      .json(#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest \u001b[31munknown"}]}"#, status: "404 Not Found")
    } _: { server in
      try await withSession(server.registry) { session in
        let failure = await registryFailure { _ = try await session.manifest("v9") }
        #expect(failure?.code == .notFound)
        #expect(
          failure?.description
            == "registry \(server.registry) has no manifests/v9 of app: HTTP 404: MANIFEST_UNKNOWN: manifest  [31munknown")
        #expect(server.seen.count == 1)
      }
    }
  }

  @Test("a port where nobody listens is a registry that is unavailable") func unreachable() async throws {
    let port = try await ScriptedServer.with { _ in
      .init()
    } _: {
      $0.port
    }
    try await withSession("127.0.0.1:\(port)") { session in
      let failure = await registryFailure { _ = try await session.manifest("v9") }
      #expect(failure?.code == .unavailable)
      #expect(failure?.description.contains("connection refused") == true)
    }
  }

  @Test("no answer at all ends after a while") func silent() async throws {
    try await ScriptedServer.with { _ in
      .init(length: 1, hangs: true)
    } _: { server in
      // The head itself comes; what was promised does not.
      var settings = testSettings(patience: .milliseconds(200))
      settings.retries.attempts = 1
      let blob = Digest.of([7])
      try await withSession(server.registry, settings: settings) { session in
        #expect(await registryFailure { _ = try await session.document(blob, size: 1, limit: 10) } != nil)
      }
    }
  }

  @Test("a document is compared with its digest and size") func documents() async throws {
    try await ScriptedServer.with { _ in
      .init(body: [1, 2, 3])
    } _: { server in
      try await withSession(server.registry) { session in
        let digest = Digest.of([1, 2, 3])
        let bytes = try await session.document(digest, size: 3, limit: 10)
        #expect(bytes == [1, 2, 3])
        #expect(await registryFailure { _ = try await session.document(digest, size: 4, limit: 10) }?.code == .digestMismatch)
        #expect(await registryFailure { _ = try await session.document(digest, size: 2, limit: 10) }?.code == .tooLarge)
        #expect(await registryFailure { _ = try await session.document(digest, size: 11, limit: 10) }?.code == .tooLarge)
        #expect(
          await registryFailure { _ = try await session.document(Digest.of([9]), size: 3, limit: 10) }?.code == .digestMismatch)
      }
    }
  }

  @Test("retries wait longer and longer, and as long as they are asked to within reason") func delays() {
    let policy = RetryPolicy()
    func error(_ seconds: Int? = nil) -> RegistryError { RegistryError(.unavailable, "x", retryAfter: seconds) }
    for (failures, expected) in [(1, 0.5), (2, 1), (3, 2), (4, 4)] {
      let delay = policy.delay(after: failures, error()) ?? .zero
      #expect(delay >= .milliseconds(Int64(expected * 800)) && delay <= .milliseconds(Int64(expected * 1200)))
    }
    #expect(policy.delay(after: 5, error()) == nil)
    #expect(policy.delay(after: 1, error(7)) == .seconds(7))
    #expect(policy.delay(after: 1, error(3600)) == nil)
    #expect(policy.delay(after: 1, RegistryError(.denied, "x")) == nil)
  }
}
