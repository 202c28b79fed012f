internal import Logging
public import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// An address that cannot be served.
struct ListenError: Error, CustomStringConvertible {
  let place: String
  let cause: String
  var description: String {
    "cannot listen on \(place) (another process may; --healthz-port and --read-only-port choose): \(cause)"
  }
}

/// A plain HTTP server for a few routes: health on loopback, pods on the read-only port.
public struct KubeletHTTPServer: Sendable {
  private let address: String
  private let port: Int
  private let router: HTTPRouter
  private let group: any EventLoopGroup
  private let bound: @Sendable (Int) -> Void
  var bounds = ConnectionBounds()

  /// - Parameters:
  ///   - port: 0 takes a free one.
  ///   - group: owned by the caller.
  ///   - bound: called once with the port in use.
  public init(
    address: String, port: Int, routes: [HTTPRoute], group: any EventLoopGroup, bound: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.address = address
    self.port = port
    router = HTTPRouter(routes: routes)
    self.group = group
    self.bound = bound
  }

  /// Serves until the task is cancelled. Throws when the address cannot be bound.
  public func run() async throws {
    let bounds = bounds
    let server: NIOAsyncChannel<NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>, Never>
    do {
      server = try await ServerBootstrap(group: group)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: address, port: port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers(
              IdleStateHandler(allTimeout: TimeAmount(bounds.idle)), IdleConnections())
            try channel.pipeline.syncOperations.configureHTTPServerPipeline()
            return try NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>(wrappingChannelSynchronously: channel)
          }
        }
    } catch {
      throw ListenError(place: "\(address):\(port)", cause: "\(error)")
    }
    bound(server.channel.localAddress?.port ?? port)
    let count = ConnectionCount()
    try await withThrowingDiscardingTaskGroup { tasks in
      try await server.executeThenClose { connections in
        for try await connection in connections {
          guard count.enter(limit: bounds.count) else {
            // One too many is closed at once: those that are open are served.
            tasks.addTask { try? await connection.executeThenClose { _, _ in } }
            continue
          }
          tasks.addTask {
            defer { count.leave() }
            await serve(connection)
          }
        }
      }
    }
  }

  private func serve(_ connection: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>) async {
    // A client that breaks off is its own business.
    try? await connection.executeThenClose { requests, responses in
      var head: HTTPRequestHead?
      for try await part in requests {
        switch part {
        case .head(let value): head = value
        case .body: break
        case .end:
          guard let request = head else { return }
          let answer = await router.answer(method: request.method.rawValue, uri: request.uri)
          var headers = HTTPHeaders()
          headers.add(name: "Content-Type", value: answer.contentType)
          headers.add(name: "Content-Length", value: "\(answer.body.count)")
          headers.add(name: "X-Content-Type-Options", value: "nosniff")
          if !request.isKeepAlive { headers.add(name: "Connection", value: "close") }
          try await responses.write(
            .head(
              HTTPResponseHead(version: request.version, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)))
          if request.method != .HEAD { try await responses.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))) }
          try await responses.write(.end(nil))
          if !request.isKeepAlive { return }
          head = nil
        }
      }
    }
  }
}
