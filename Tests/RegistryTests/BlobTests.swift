import LinuxSystem
import NIOHTTP1
import OCISpec
import RegistrySupport
import TestSupport
import Testing
@testable import Registry

@Suite("Blobs of a registry", .timeLimit(.minutes(5))) struct BlobTests {
  private static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 256) }
  private static let digest = Digest.of(content)

  private static func range(_ request: ScriptedServer.Request) -> Int {
    request.headers.first(name: "range").flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0
  }

  @Test("a blob comes whole, and is what its digest says") func whole() async throws {
    try await ScriptedServer.with { _ in
      .init(body: Self.content)
    } _: { server in
      try await withSession(server.registry) { session in
        let (bytes, failure) = try await Taker.download(session, Self.digest, Self.content.count)
        #expect(failure == nil)
        #expect(Digest.of(bytes) == Self.digest)
        #expect(server.seen.map(\.path) == ["/v2/app/blobs/\(Self.digest)"])
      }
    }
  }

  @Test("a download that breaks off goes on where it stopped", arguments: [true, false]) func resumed(_ knowsRanges: Bool)
    async throws
  {
    try await ScriptedServer.with { request in
      let start = Self.range(request)
      let end = min(Self.content.count, start + 100_000)
      let isLast = end == Self.content.count
      if request.number > 0, knowsRanges {
        return .init(
          status: "206 Partial Content",
          headers: [("Content-Range", "bytes \(start)-\(Self.content.count - 1)/\(Self.content.count)")],
          body: Array(Self.content[start..<end]), length: Self.content.count - start, closes: !isLast)
      }
      // Whoever does not know ranges begins anew.
      let whole = request.number >= 2
      return .init(body: whole ? Self.content : Array(Self.content[..<100_000]), length: Self.content.count, closes: !whole)
    } _: { server in
      try await withSession(server.registry) { session in
        let (bytes, failure) = try await Taker.download(session, Self.digest, Self.content.count)
        #expect(failure == nil)
        #expect(Digest.of(bytes) == Self.digest)
        #expect(server.seen.map(Self.range) == (knowsRanges ? [0, 100_000, 200_000] : [0, 100_000, 100_000]))
      }
    }
  }

  @Test("bytes of another range than asked for are refused") func wrongRange() async throws {
    try await ScriptedServer.with { request in
      request.number == 0
        ? .init(body: Array(Self.content[..<100_000]), length: Self.content.count, closes: true)
        : .init(status: "206 Partial Content", headers: [("Content-Range", "bytes 0-9/300000")], body: Array(Self.content[..<10]))
    } _: { server in
      try await withSession(server.registry) { session in
        let failure = try await Taker.download(session, Self.digest, Self.content.count).failure
        #expect(failure?.code == .invalidContent)
      }
    }
  }

  @Test("other bytes than the digest says are refused, and not asked for again") func wrongDigest() async throws {
    try await ScriptedServer.with { _ in
      .init(body: Self.content.reversed())
    } _: { server in
      try await withSession(server.registry) { session in
        let failure = try await Taker.download(session, Self.digest, Self.content.count).failure
        #expect(failure?.code == .digestMismatch)
        #expect(failure?.description.contains(server.registry) == true)
        #expect(server.seen.count == 1)
      }
    }
  }

  @Test("a body without end ends where the manifest says, with the connection") func endless() async throws {
    try await ScriptedServer.with { _ in
      .init(body: Self.content, isEndless: true)
    } _: { server in
      try await withSession(server.registry) { session in
        let (bytes, failure) = try await Taker.download(session, Self.digest, Self.content.count)
        #expect(failure?.code == .tooLarge)
        #expect(bytes.count <= Self.content.count)
        #expect(await eventually { server.openConnections == 0 })
      }
    }
  }

  @Test("a length that is not the manifest's is refused before a byte is taken") func wrongLength() async throws {
    try await ScriptedServer.with { _ in
      .init(body: Self.content + [1])
    } _: { server in
      try await withSession(server.registry) { session in
        let (bytes, failure) = try await Taker.download(session, Self.digest, Self.content.count)
        #expect(failure?.code == .tooLarge)
        #expect(bytes.isEmpty)
      }
    }
  }

  @Test(
    "a registry that is overloaded is asked again, a bounded number of times", arguments: ["503 Busy", "429 Slow down", "500 Oh"])
  func retried(_ status: String) async throws {
    try await ScriptedServer.with {
      $0.number < 3 ? .init(status: status) : .init(body: Self.content)
    } _: { server in
      try await withSession(server.registry) { session in
        let failure = try await Taker.download(session, Self.digest, Self.content.count).failure
        #expect(failure == nil)
        #expect(server.seen.count == 4)
      }
    }
    try await ScriptedServer.with { _ in
      .init(status: status)
    } _: { server in
      try await withSession(server.registry) { session in
        let failure = try await Taker.download(session, Self.digest, Self.content.count).failure
        #expect(failure?.code == .unavailable)
        #expect(failure?.description.contains("HTTP \(status.prefix(3))") == true)
        #expect(server.seen.count == 5)
      }
    }
  }

  @Test("a registry that sends next to nothing is given up, however steadily it sends") func tooSlow() async throws {
    try await ScriptedServer.with { _ in
      .init(body: Self.content, drips: .milliseconds(20))
    } _: { server in
      try await withSession(server.registry, settings: testSettings(patience: .milliseconds(300))) { session in
        let failure = try await Taker.download(session, Self.digest, Self.content.count).failure
        #expect(failure?.code == .unavailable)
        #expect(server.seen.count == 5)
      }
    }
  }

  @Test("a blob that a mirror damaged is asked of the next host, also when the damage made it useless before its end")
  func damaged() async throws {
    try await ScriptedServer.with { _ in
      .init(body: Self.content.reversed())
    } _: { mirror in
      try await ScriptedServer.with { _ in
        .init(body: Self.content)
      } _: { server in
        try await ScratchDirectory.with { scratch in
          try scratch.write(
            "\(server.registry)/hosts.toml",
            """
            server = "http://\(server.registry)"
            [host."http://\(mirror.registry)"]
            """)
          try await withSession(server.registry, settings: testSettings(hosts: scratch.path)) { session in
            #expect(session.hosts(for: Self.digest) == 2)
            #expect(try await Taker.download(session, Self.digest, Self.content.count).failure?.code == .digestMismatch)
            #expect(session.hosts(for: Self.digest) == 1 && session.hosts(for: "sha256:other") == 2)
            #expect(server.seen.isEmpty)
            let (bytes, failure) = try await Taker.download(session, Self.digest, Self.content.count)
            #expect(failure == nil && bytes == Self.content && mirror.seen.count == 1)
          }
        }
      }
    }
  }

  @Test("a registry that breaks off after each byte is given up") func dripping() async throws {
    try await ScriptedServer.with { request in
      let start = Self.range(request)
      return .init(
        status: "206 Partial Content", headers: [("Content-Range", "bytes \(start)-299999/300000")], body: [Self.content[start]],
        length: Self.content.count - start, closes: true)
    } _: { server in
      try await withSession(server.registry) { session in
        let failure = try await Taker.download(session, Self.digest, Self.content.count).failure
        // The first answer is to no range at all, and refused.
        #expect(failure != nil)
        #expect(server.seen.count <= 6)
      }
    }
  }

  @Test("a registry that says nothing more is given up after a while, and its connection closed") func stalled() async throws {
    try await ScriptedServer.with { _ in
      .init(body: Array(Self.content[..<1000]), length: Self.content.count, hangs: true)
    } _: { server in
      var settings = testSettings(patience: .milliseconds(200))
      settings.retries.attempts = 1
      try await withSession(server.registry, settings: settings) { session in
        let failure = try await Taker.download(session, Self.digest, Self.content.count).failure
        #expect(failure?.code == .unavailable)
        #expect(failure?.description.contains("no progress") == true)
        #expect(await eventually { server.openConnections == 0 })
      }
    }
  }

  @Test("a cancelled download closes its connection and its socket") func cancelled() async throws {
    try await ScriptedServer.with { _ in
      .init(body: Array(Self.content[..<1000]), length: Self.content.count, hangs: true)
    } _: { server in
      try await withSession(server.registry) { session in
        let task = Task { try await Taker.download(session, Self.digest, Self.content.count) }
        #expect(await eventually { server.openConnections == 1 && server.seen.count == 1 })
        task.cancel()
        let failure = try await task.value.failure
        #expect(failure?.code == .cancelled)
        #expect(await eventually { server.openConnections == 0 })
      }
    }
  }

  @Test("an unpacker that has enough ends the download") func consumerGone() async throws {
    try await ScriptedServer.with { _ in
      .init(body: Self.content, isEndless: true)
    } _: { server in
      try await withSession(server.registry) { session in
        let socket: OwnedDescriptor
        do {
          let pair = try UnixStream.pair()
          socket = try pair.theirs.duplicate()
        }
        let failure: RegistryError?
        do throws(RegistryError) {
          try await session.download(Self.digest, size: 1 << 40, into: socket) { _ in }
          failure = nil
        } catch {
          failure = error
        }
        #expect(failure?.code == .consumer)
        #expect(await eventually { server.openConnections == 0 })
      }
    }
  }

  @Test("a connection serves one request after the other") func reused() async throws {
    try await ScriptedServer.with { _ in
      .init(body: Self.content)
    } _: { server in
      try await withSession(server.registry) { session in
        for _ in 0..<5 {
          let failure = try await Taker.download(session, Self.digest, Self.content.count).failure
          #expect(failure == nil)
        }
        #expect(server.openConnections == 1)
      }
      #expect(await eventually { server.openConnections == 0 })
    }
  }
}
