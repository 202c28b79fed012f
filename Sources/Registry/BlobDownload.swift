public import LinuxSystem
internal import NIOCore
internal import NIOHTTP1
internal import OCISpec
internal import Synchronization

/// How far a blob is: what came is hashed and gone. An interrupted download goes on where it stopped, at the same host or another one.
final class BlobDownload {
  let digest: String
  let size: Int64
  private(set) var done: Int64 = 0
  private let hash = Digest()
  private let sink: BlobSink
  private let progress: @Sendable (Int64) -> Void
  /// Whether there is another host to ask for a blob that comes damaged: then it is of interest even when nobody takes it any more.
  private let hasOthers: Bool
  /// Nobody takes it any more.
  private var refusal: RegistryError?
  /// Numbers of the hosts that bytes came from, in this order.
  private(set) var givers: [Int] = []
  /// It is not what its digest says.
  private(set) var damage: RegistryError?

  /// Less than this is no progress: a server may send a byte now and then, or one for each try.
  static let leastProgress: Int64 = 64 << 10

  init(digest: String, size: Int64, sink: BlobSink, hasOthers: Bool, progress: @escaping @Sendable (Int64) -> Void) {
    (self.digest, self.size, self.sink, self.hasOthers, self.progress) = (digest, size, sink, hasOthers, progress)
  }

  /// Asks for what is missing; empty at the beginning.
  var headers: HTTPHeaders { done == 0 ? [:] : ["Range": "bytes=\(done)-"] }

  /// Takes an answer to its end.
  func take(_ exchange: HTTPExchange, from server: RegistrySession.Server) async throws(RegistryError) {
    let host = server.host.name
    var skipped = try begin(exchange, host)
    while true {
      let buffers: [ByteBuffer]?
      do throws(HTTPFailure) { buffers = try await exchange.read() } catch {
        throw RegistryError(error, "registry \(host): blob \(digest) broke off after \(done) of \(size) bytes")
      }
      guard let buffers else { break }
      var fresh: [ByteBuffer] = []
      for var buffer in buffers {
        let old = min(skipped, Int64(buffer.readableBytes))
        buffer.moveReaderIndex(forwardBy: Int(old))
        skipped -= old
        let count = Int64(buffer.readableBytes)
        if count == 0 { continue }
        guard count <= size - done else {
          exchange.close()
          throw RegistryError(.tooLarge, "registry \(host): blob \(digest) has more than the \(size) bytes its manifest says")
        }
        unsafe buffer.withUnsafeReadableBytes { unsafe hash.update($0) }
        done += count
        if givers.last != server.number { givers.append(server.number) }
        fresh.append(buffer)
      }
      try await pass(fresh, exchange)
      progress(done)
    }
    guard done == size else {
      throw RegistryError(.unavailable, "registry \(host): blob \(digest) broke off after \(done) of \(size) bytes")
    }
  }

  private func pass(_ buffers: [ByteBuffer], _ exchange: HTTPExchange) async throws(RegistryError) {
    if refusal != nil { return }
    do throws(RegistryError) { try await sink.write(buffers) } catch {
      guard error.code == .consumer, hasOthers else {
        exchange.close()
        throw error
      }
      refusal = error
    }
  }

  /// Compares what came with the name it came under; once, at the end.
  func verify(_ host: String) throws(RegistryError) {
    let actual = hash.finish()
    guard actual == digest else {
      let error = RegistryError(
        .digestMismatch, "registry \(host): blob \(digest) has digest \(actual): it was damaged or changed")
      damage = error
      throw error
    }
    if let refusal { throw refusal }
  }

  /// - Returns: how many bytes of the answer are known already.
  private func begin(_ exchange: HTTPExchange, _ host: String) throws(RegistryError) -> Int64 {
    let length = exchange.headers.first(name: "content-length").flatMap { Int64($0) }
    guard exchange.status == 206 else {
      // The whole blob, whatever was asked for.
      if let length, length != size {
        exchange.close()
        throw RegistryError(
          length > size ? .tooLarge : .invalidContent,
          "registry \(host): blob \(digest) has \(length) bytes, its manifest says \(size)")
      }
      return done
    }
    let range = exchange.headers.first(name: "content-range") ?? ""
    guard range.hasPrefix("bytes \(done)-") else {
      exchange.close()
      throw RegistryError(
        .invalidContent, "registry \(host): asked for blob \(digest) from byte \(done) on, got '\(printable(range, limit: 60))'")
    }
    return 0
  }
}

extension RegistrySession {
  /// How many hosts may be asked for a blob: fewer when one gave a damaged one.
  public func hosts(for digest: String) -> Int {
    let liars = liars.withLock { $0[digest] ?? [] }
    return servers.count { $0.host.pulls && !liars.contains($0.number) }
  }

  /// Sends the bytes of a blob into a socket while they come, and closes it at the end, whatever the end is. They are what the digest says
  /// only when this returns: until then nobody may believe them. When they are not, the host they came from is not asked again: the next
  /// call may give others, as long as there are `hosts(for:)`.
  /// - Parameters:
  ///   - socket: a connected stream socket.
  ///   - progress: gets the number of bytes so far.
  public func download(
    _ digest: String, size: Int64, into socket: consuming OwnedDescriptor, progress: @escaping @Sendable (Int64) -> Void
  ) async throws(RegistryError) {
    let sink = try await BlobSink.open(socket)
    let result: Result<Void, RegistryError>
    do throws(RegistryError) {
      let download = BlobDownload(
        digest: digest, size: size, sink: sink, hasOthers: hosts(for: digest) > 1, progress: progress)
      let liars = liars.withLock { $0[digest] ?? [] }
      result = .success(
        try await first({ $0.host.pulls && !liars.contains($0.number) }, "blob \(digest)") { server throws(RegistryError) in
          try await self.fetch(download, server)
        })
    } catch {
      result = .failure(error)
    }
    await sink.close()
    try result.get()
  }

  private func fetch(_ download: BlobDownload, _ server: Server) async throws(RegistryError) {
    // What is damaged cannot be gone on with.
    if let damage = download.damage { throw damage }
    var failures = 0
    while download.done < download.size {
      let before = download.done
      do throws(RegistryError) {
        let exchange = try await get("blobs/\(download.digest)", at: server, headers: download.headers)
        try await download.take(exchange, from: server)
      } catch {
        failures = download.done - before >= BlobDownload.leastProgress ? 1 : failures + 1
        guard try await server.retries.wait(after: failures, error) else { throw error }
      }
    }
    do throws(RegistryError) { try download.verify(server.host.name) } catch {
      if download.damage != nil {
        // Of several the last mirror: the registry itself is the last that is thought to lie.
        let liar = download.givers.last { $0 != servers.last?.number } ?? server.number
        liars.withLock { _ = $0[download.digest, default: []].insert(liar) }
      }
      throw error
    }
  }
}
