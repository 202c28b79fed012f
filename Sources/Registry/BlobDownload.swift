public import LinuxSystem
internal import NIOCore
internal import NIOHTTP1
internal import OCISpec

/// How far a blob is: what came is hashed and gone. An interrupted download goes on where it stopped, at the same host or another one.
final class BlobDownload {
  let digest: String
  let size: Int64
  private(set) var done: Int64 = 0
  private let hash = Digest()
  private let sink: BlobSink
  private let progress: @Sendable (Int64) -> Void

  init(digest: String, size: Int64, sink: BlobSink, progress: @escaping @Sendable (Int64) -> Void) {
    (self.digest, self.size, self.sink, self.progress) = (digest, size, sink, progress)
  }

  /// Asks for what is missing; empty at the beginning.
  var headers: HTTPHeaders { done == 0 ? [:] : ["Range": "bytes=\(done)-"] }

  /// Takes an answer to its end.
  func take(_ exchange: HTTPExchange, from host: String) async throws(RegistryError) {
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
        fresh.append(buffer)
      }
      do throws(RegistryError) { try await sink.write(fresh) } catch {
        exchange.close()
        throw error
      }
      progress(done)
    }
    guard done == size else {
      throw RegistryError(.unavailable, "registry \(host): blob \(digest) broke off after \(done) of \(size) bytes")
    }
  }

  /// Compares what came with the name it came under; once, at the end.
  func verify(_ host: String) throws(RegistryError) {
    let actual = hash.finish()
    guard actual == digest else {
      throw RegistryError(.digestMismatch, "registry \(host): blob \(digest) has digest \(actual): it was damaged or changed")
    }
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
  /// Less than this is no progress: a server may send a byte for each try.
  private static let leastProgress: Int64 = 64 << 10

  /// Sends the bytes of a blob into a socket while they come, and closes it at the end, whatever the end is. They are what the digest says
  /// only when this returns: until then nobody may believe them.
  /// - Parameters:
  ///   - socket: a connected stream socket.
  ///   - progress: gets the number of bytes so far.
  public func download(
    _ digest: String, size: Int64, into socket: consuming OwnedDescriptor, progress: @escaping @Sendable (Int64) -> Void
  ) async throws(RegistryError) {
    let sink = try await BlobSink.open(socket)
    let result: Result<Void, RegistryError>
    do throws(RegistryError) {
      let download = BlobDownload(digest: digest, size: size, sink: sink, progress: progress)
      result = .success(
        try await first(\.pulls, "blob \(digest)") { server throws(RegistryError) in try await self.fetch(download, server) })
    } catch {
      result = .failure(error)
    }
    await sink.close()
    try result.get()
  }

  private func fetch(_ download: BlobDownload, _ server: Server) async throws(RegistryError) {
    var failures = 0
    while download.done < download.size {
      let before = download.done
      do throws(RegistryError) {
        let exchange = try await get("blobs/\(download.digest)", at: server, headers: download.headers)
        try await download.take(exchange, from: server.host.name)
      } catch {
        failures = download.done - before >= Self.leastProgress ? 1 : failures + 1
        guard try await server.retries.wait(after: failures, error) else { throw error }
      }
    }
    try download.verify(server.host.name)
  }
}
