import LinuxSystem
import NIOCore
import NIOHTTP2
import NIOPosix

/// gRPC over HTTP/2 without TLS on a unix socket: unary and server-streaming calls.
public struct GRPCServer: Sendable {
  public struct Configuration: Sendable {
    /// At most 107 bytes. A socket left by a dead server is replaced, a living one is not.
    public var socketPath: String
    /// Permission bits of the socket file.
    public var mode: Int
    /// Group of the socket file, whose members may connect too; nil: the process's, and only root may.
    public var group: UInt32?
    public var maximumMessageBytes: Int
    /// Requests and answers of all connections together, a quarter of it for one; calls above are refused with RESOURCE_EXHAUSTED.
    public var maximumHeldBytes: Int
    /// Under way on all connections together, those included whose request has not come yet; calls above are refused likewise.
    public var maximumCalls: Int
    /// How long calls may go on after shutdown began.
    public var shutdownGrace: Duration

    public init(
      socketPath: String, mode: Int = 0o660, group: UInt32? = nil, maximumMessageBytes: Int = defaultMaximumMessageBytes,
      maximumHeldBytes: Int = 8 * defaultMaximumMessageBytes, maximumCalls: Int = 8192, shutdownGrace: Duration = .seconds(5)
    ) {
      self.socketPath = socketPath
      self.mode = mode
      self.group = group
      self.maximumMessageBytes = maximumMessageBytes
      self.maximumHeldBytes = maximumHeldBytes
      self.maximumCalls = maximumCalls
      self.shutdownGrace = shutdownGrace
    }
  }

  private let configuration: Configuration
  private let router: GRPCRouter

  public init(configuration: Configuration, router: GRPCRouter) {
    self.configuration = configuration
    self.router = router
  }

  /// Serves until the task is cancelled; then takes no new connection, sends GOAWAY, ends streaming calls, lets unary calls
  /// finish within the grace time, and removes the socket.
  /// - Parameter onListening: called once when clients can connect.
  public func run(onListening: @Sendable () -> Void = {}) async throws(GRPCTransportError) {
    let socket = ListeningSocket(path: configuration.socketPath, mode: configuration.mode, group: configuration.group)
    try await socket.prepare(on: EventLoops.shared)
    let connections = ServerConnections(callLimit: configuration.maximumCalls, grace: TimeAmount(configuration.shutdownGrace))
    let calls = StreamingCalls()
    let listener: any Channel
    let descriptor = try socket.listen()
    defer { socket.remove() }
    do { listener = try await bootstrap(connections, calls).withBoundSocket(descriptor.release()).get() } catch {
      throw GRPCTransportError(.cannotListen, "cannot listen on \(configuration.socketPath)", cause: error)
    }
    onListening()
    await withTaskCancellationHandler {
      do { try await listener.closeFuture.get() } catch {}
    } onCancel: {
      listener.close(promise: nil)
    }
    calls.endAll()
    await connections.shutDown()
  }

  private func bootstrap(_ connections: ServerConnections, _ calls: StreamingCalls) -> ServerBootstrap {
    let router = self.router
    let configuration = self.configuration
    let limit = configuration.maximumMessageBytes
    let memory = MessageMemory(limit: configuration.maximumHeldBytes)
    // A client that does not read its answers keeps room from itself before it does from others; a call of the largest messages fits.
    let share = max(configuration.maximumHeldBytes / 4, 2 * limit)
    return ServerBootstrap(group: EventLoops.shared)
      .serverChannelOption(.backlog, value: 128)
      .childChannelInitializer { channel in
        PeerCredentials.of(channel).flatMapThrowing { peer in
          guard peer.mayConnect(ownUser: currentUser(), group: configuration.group, mode: configuration.mode) else {
            throw GRPCTransportError(.cannotListen, "user \(peer.user) may not connect")
          }
          guard connections.add(channel) else { throw GRPCTransportError(.cannotListen, "too many connections") }
          let memory = MessageMemory(limit: share, of: memory)
          let connection = ServerConnection(all: connections, id: ObjectIdentifier(channel), peer: peer.process)
          let management = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil))
          _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: HTTP2Parameters.connection, streamConfiguration: HTTP2Parameters.stream,
            streamDelegate: management.http2StreamDelegate
          ) { stream in
            stream.eventLoop.makeCompletedFuture {
              try stream.pipeline.syncOperations.addHandler(
                ServerCallHandler(router: router, messageLimit: limit, memory: memory, calls: calls, connection: connection))
            }
          }
          try channel.pipeline.syncOperations.addHandler(management)
          try channel.pipeline.syncOperations.addHandler(ServerConnectionErrors())
        }
      }
  }
}
