import LinuxSystem
public import NIOCore
import NIOPosix
import Synchronization

/// Serves the streams of exec, attach and port-forward to clients that come with a URL of this server's making.
public final class StreamingServer: Sendable {
  public struct Settings: Sendable {
    public var address: String
    /// 0 takes a free one.
    public var port: Int
    /// Makes the TLS of a connection; nil: plain HTTP.
    public var tls: (@Sendable () throws -> any ChannelHandler)?
    /// How long nothing may happen on a connection.
    public var idleTimeout: Duration
    /// How long a client may take to open the streams it asked for.
    public var creationTimeout: Duration
    /// Connections at a time: whoever reaches the port may connect.
    var maximumConnections = 4096
    /// How long the end of a container may be behind that of its output: the last process of a pid namespace may take seconds to die.
    var endPatience = Duration.seconds(20)

    public init(
      address: String = "127.0.0.1", port: Int = 0, tls: (@Sendable () throws -> any ChannelHandler)? = nil,
      idleTimeout: Duration = .seconds(4 * 3600), creationTimeout: Duration = .seconds(30)
    ) {
      self.address = address
      self.port = port
      self.tls = tls
      self.idleTimeout = idleTimeout
      self.creationTimeout = creationTimeout
    }
  }

  /// Bytes for a client above which a process is not read any more, and below which it is again.
  private static let watermark = ChannelOptions.Types.WriteBufferWaterMark(low: 128 << 10, high: 512 << 10)

  private let settings: Settings
  private let tokens = Tokens()
  /// A thread of its own: a client that moves gigabytes does not hold up the calls of others.
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let listening = Mutex<(any Channel)?>(nil)
  private let open = Mutex(0)

  public init(_ settings: Settings) { self.settings = settings }

  /// Where it listens; nil: it does not.
  public var place: String? {
    guard let address = listening.withLock({ $0 })?.localAddress, let ip = address.ipAddress, let port = address.port else {
      return nil
    }
    // Who asks for a URL is on this node, or knows how to reach it.
    let host = ip == "0.0.0.0" ? "127.0.0.1" : ip == "::" ? "[::1]" : ip.contains(":") ? "[\(ip)]" : ip
    return "\(settings.tls == nil ? "http" : "https")://\(host):\(port)"
  }

  /// Begins to listen.
  /// - Throws: for an address that is taken.
  public func start() async throws(StreamingError) {
    do {
      let channel = try await ServerBootstrap(group: group)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .serverChannelOption(.backlog, value: 1024)
        .childChannelOption(.socketOption(.so_keepalive), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelOption(.writeBufferWaterMark, value: Self.watermark)
        .childChannelInitializer { [self] channel in
          channel.eventLoop.makeCompletedFuture { try prepare(channel) }
        }
        .bind(host: settings.address, port: settings.port).get()
      listening.withLock { $0 = channel }
    } catch {
      throw StreamingError("the streaming server cannot listen on \(settings.address):\(settings.port): \(error)")
    }
  }

  /// Serves until the task is cancelled, then ends every session. `start` comes before.
  public func run() async {
    await cancellation()
    try? await listening.withLock { $0 }?.close().get()
    try? await group.shutdownGracefully()
  }

  private func prepare(_ channel: any Channel) throws {
    let count = open.withLock { open in
      open += 1
      return open
    }
    channel.closeFuture.whenComplete { [self] _ in open.withLock { $0 -= 1 } }
    guard count <= settings.maximumConnections else { return channel.close(promise: nil) }
    if let tls = settings.tls { try channel.pipeline.syncOperations.addHandler(tls()) }
    try channel.pipeline.syncOperations.addHandlers(
      IdleStateHandler(allTimeout: TimeAmount(settings.idleTimeout)), IdleEnd(),
      ConnectionHandler(
        tokens, creationTimeout: TimeAmount(settings.creationTimeout), endPatience: TimeAmount(settings.endPatience)))
  }

  // MARK: URLs

  public func exec(_ request: ProcessRequest) throws(StreamingError) -> String { try url(.exec(request)) }
  public func attach(_ request: ProcessRequest) throws(StreamingError) -> String { try url(.attach(request)) }
  public func portForward(_ request: ForwardRequest) throws(StreamingError) -> String { try url(.portForward(request)) }

  private func url(_ request: Tokens.Request) throws(StreamingError) -> String {
    guard let place else { throw StreamingError("the streaming server does not listen") }
    guard let token = tokens.add(request) else {
      throw StreamingError(
        "\(Tokens.maximumPending) sessions wait for their clients already: try again when some have begun", isExhausted: true)
    }
    return "\(place)/\(request.kind)/\(token)"
  }
}

/// What the streaming server cannot do.
public struct StreamingError: Error, Equatable, CustomStringConvertible {
  public let description: String
  /// Less is asked for later: try again.
  public let isExhausted: Bool

  init(_ description: String, isExhausted: Bool = false) {
    self.description = description
    self.isExhausted = isExhausted
  }
}

/// Ends a connection on which nothing happens.
private final class IdleEnd: ChannelInboundHandler {
  typealias InboundIn = NIOAny

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent {
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }
}
