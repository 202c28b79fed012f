import NIOCore
import NIOHTTP2
import NIOPosix
import Synchronization

/// Owns the client's connection: at most one, made when asked for.
actor ClientConnector {
  private enum State {
    case idle
    case connecting(Task<ClientConnection, any Error>)
    case ready(ClientConnection)
  }

  private let configuration: GRPCClient.Configuration
  private var state = State.idle

  init(configuration: GRPCClient.Configuration) { self.configuration = configuration }

  func connection(deadline: NIODeadline?) async throws(GRPCStatus) -> ClientConnection {
    let task: Task<ClientConnection, any Error>
    switch state {
    case .ready(let connection) where connection.isUsable:
      return connection
    case .connecting(let running):
      task = running
    case .idle, .ready:
      var timeout = TimeAmount(configuration.connectTimeout)
      if let deadline { timeout = min(timeout, max(.milliseconds(1), deadline - .now())) }
      let path = configuration.socketPath
      let limit = timeout
      task = Task { try await ClientConnection.connect(to: path, timeout: limit) }
      state = .connecting(task)
    }
    do {
      let connection = try await task.value
      if case .connecting(let running) = state, running == task { state = .ready(connection) }
      return connection
    } catch {
      if case .connecting(let running) = state, running == task { state = .idle }
      throw ConnectFailure.status(error, path: configuration.socketPath)
    }
  }

  func discard(_ connection: ClientConnection) {
    if case .ready(let current) = state, current === connection { state = .idle }
    connection.retire()
  }

  func close() async {
    let old = state
    state = .idle
    switch old {
    case .idle: break
    case .connecting(let task):
      if let connection = try? await task.value { await connection.close() }
    case .ready(let connection): await connection.close()
    }
  }
}

/// One HTTP/2 connection to a server.
final class ClientConnection: Sendable {
  let path: String
  private let channel: any Channel
  private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
  private let goingAway: GoAwayFlag

  private init(path: String, channel: any Channel, multiplexer: NIOHTTP2Handler.StreamMultiplexer, goingAway: GoAwayFlag) {
    self.path = path
    self.channel = channel
    self.multiplexer = multiplexer
    self.goingAway = goingAway
  }

  static func connect(to path: String, timeout: TimeAmount) async throws -> ClientConnection {
    let flag = GoAwayFlag()
    let multiplexer = EventLoops.shared.any().makePromise(of: NIOHTTP2Handler.StreamMultiplexer.self)
    let bootstrap = ClientBootstrap(group: EventLoops.shared).connectTimeout(timeout).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        let streams = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
          mode: .client, connectionConfiguration: HTTP2Parameters.clientConnection, streamConfiguration: HTTP2Parameters.stream
        ) { stream in stream.close() }
        try channel.pipeline.syncOperations.addHandler(ClientConnectionHandler(flag: flag))
        multiplexer.succeed(streams)
      }
    }
    do {
      let channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
      return ClientConnection(
        path: path, channel: channel, multiplexer: try await multiplexer.futureResult.get(), goingAway: flag)
    } catch {
      multiplexer.fail(error)
      throw error
    }
  }

  var isUsable: Bool { channel.isActive && !goingAway.isSet }

  /// No new calls.
  func retire() { goingAway.set() }

  func close() async {
    retire()
    try? await channel.close().get()
  }

  func open(_ makeHandler: @escaping @Sendable (any Channel) -> ClientCallHandler) async throws -> ClientCall {
    let promise = channel.eventLoop.makePromise(of: ClientCall.self)
    let created = channel.eventLoop.makePromise(of: (any Channel).self)
    multiplexer.createStreamChannel(promise: created) { stream in
      stream.eventLoop.makeCompletedFuture {
        let handler = makeHandler(stream)
        try stream.pipeline.syncOperations.addHandler(handler)
        promise.succeed(ClientCall(channel: stream, handler: NIOLoopBound(handler, eventLoop: stream.eventLoop)))
      }
    }
    // The initializer runs before the stream is opened; both must have succeeded.
    created.futureResult.whenFailure { promise.fail($0) }
    return try await created.futureResult.and(promise.futureResult).map { $0.1 }.get()
  }
}

/// Set when the connection takes no new calls.
final class GoAwayFlag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}

/// Watches the connection itself: GOAWAY, errors.
final class ClientConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  private let flag: GoAwayFlag

  init(flag: GoAwayFlag) { self.flag = flag }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .goAway = unwrapInboundIn(data).payload { flag.set() }
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    flag.set()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Errors of one stream pass here too; those of the connection close it in the HTTP/2 handler's own words.
    if !(error is NIOHTTP2Errors.StreamError) {
      flag.set()
      context.close(promise: nil)
    }
  }
}
