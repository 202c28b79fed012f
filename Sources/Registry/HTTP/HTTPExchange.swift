internal import NIOCore
internal import NIOHTTP1

/// An answer whose body is read as it is wanted. Read to its end the connection serves the next request; otherwise it is closed.
final class HTTPExchange: Sendable {
  let url: RegistryURL
  let status: Int
  let headers: HTTPHeaders
  private let connection: HTTPConnection
  private let giveBack: @Sendable (HTTPConnection) -> Void

  init(
    _ url: RegistryURL, _ head: HTTPResponseHead, _ connection: HTTPConnection,
    giveBack: @escaping @Sendable (HTTPConnection) -> Void
  ) {
    self.url = url
    (status, headers) = (Int(head.status.code), head.headers)
    (self.connection, self.giveBack) = (connection, giveBack)
  }

  /// nil at the end.
  func read() async throws(HTTPFailure) -> [ByteBuffer]? {
    if let buffers = try await connection.read() { return buffers }
    if headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "close" }) {
      connection.close()
    } else {
      giveBack(connection)
    }
    return nil
  }

  /// A whole body, within bounds of size and time: a few bytes now and then are no answer.
  /// - Returns: nil when it is larger than `limit`; the connection is closed then.
  func document(limit: Int, within patience: Duration) async throws(HTTPFailure) -> [UInt8]? {
    if let length = headers.first(name: "content-length").flatMap({ Int($0) }), length > limit {
      close()
      return nil
    }
    let end = ContinuousClock.now + patience
    var bytes: [UInt8] = []
    while let buffers = try await read() {
      for buffer in buffers { bytes += buffer.readableBytesView }
      if bytes.count > limit {
        close()
        return nil
      }
      if ContinuousClock.now > end {
        close()
        throw .stalled(after: patience.components.seconds)
      }
    }
    return bytes
  }

  /// What nobody wants to read: a small body is read over, for the connection's sake.
  func discard() async throws(HTTPFailure) {
    do throws(HTTPFailure) {
      _ = try await document(limit: 64 << 10, within: .seconds(10))
    } catch {
      close()
      if error.kind == .cancelled { throw error }
    }
  }

  func close() { connection.close() }
}
