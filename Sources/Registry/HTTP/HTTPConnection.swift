internal import LinuxSystem
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// A connection to a server, with one exchange at a time. Not a pool's and not a library's (async-http-client): see docs/architecture.md.
final class HTTPConnection: Sendable {
  private let channel: any Channel
  private let inbox: ResponseInbox
  private let patience: TimeAmount

  private init(_ channel: any Channel, _ inbox: ResponseInbox, _ patience: TimeAmount) {
    (self.channel, self.inbox, self.patience) = (channel, inbox, patience)
  }

  deinit { channel.close(promise: nil) }

  /// Threads of their own: what registries send is never in the way of the CRI and the probes. They begin with the first pull.
  static let loops = MultiThreadedEventLoopGroup(numberOfThreads: min(2, System.coreCount))

  /// - Parameters:
  ///   - tls: nil for plain HTTP.
  ///   - proxy: what is connected to instead.
  static func open(
    _ url: RegistryURL, tls: NIOSSLContext?, proxy: ProxySettings.Proxy? = nil, patience: TimeAmount
  ) async throws(HTTPFailure) -> HTTPConnection {
    let place = proxy?.url ?? url
    let addresses: [String]
    do throws(HostAddresses.ResolverError) { addresses = try await HostAddresses.of(place.host) } catch {
      throw HTTPFailure(kind: .transport, description: "\(error)")
    }
    var failure = HTTPFailure(kind: .transport, description: "\(place.host) has no address")
    for (index, address) in addresses.enumerated() {
      if Task.isCancelled { throw .cancelled }
      // An address that does not answer (an IPv6 one without a route, mostly) holds up the next not for long.
      let limit: TimeAmount = index == addresses.count - 1 ? .seconds(15) : .seconds(3)
      do throws(HTTPFailure) {
        return try await open(address, url, tls, proxy, limit, patience)
      } catch {
        if error.kind != .transport { throw error }
        failure = HTTPFailure(kind: .transport, description: "\(address) port \(place.port): \(error)")
      }
    }
    throw failure
  }

  private static func open(
    _ address: String, _ url: RegistryURL, _ tls: NIOSSLContext?, _ proxy: ProxySettings.Proxy?, _ limit: TimeAmount,
    _ patience: TimeAmount
  ) async throws(HTTPFailure) -> HTTPConnection {
    let dial = Dial()
    let inbox = ResponseInbox()
    do {
      let target = try SocketAddress(ipAddress: address, port: proxy?.url.port ?? url.port)
      let isName = (try? SocketAddress(ipAddress: url.host, port: 0)) == nil
      @Sendable func speak(_ channel: any Channel) throws {
        if let tls {
          let handler = try NIOSSLClientHandler(context: tls, serverHostname: isName ? url.host : nil)
          try channel.pipeline.syncOperations.addHandler(handler)
        }
        try channel.pipeline.syncOperations.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
        try channel.pipeline.syncOperations.addHandler(inbox)
      }
      let loop = loops.next()
      let tunnel = loop.makePromise(of: Void.self)
      let connected = ClientBootstrap(group: loop).connectTimeout(limit)
        .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 17))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            if !dial.begin(channel) { throw CancellationError() }
            guard let proxy, tls != nil else { return try speak(channel) }
            try channel.pipeline.syncOperations.addHandler(ProxyTunnel(to: url, through: proxy, tunnel))
          }
        }
      let future: EventLoopFuture<any Channel>
      if proxy == nil || tls == nil {
        tunnel.succeed()
        future = connected.connect(to: target)
      } else {
        let slow = loop.scheduleTask(in: patience) {
          tunnel.fail(HTTPFailure(kind: .transport, description: "no answer of the proxy"))
        }
        future = connected.connect(to: target).flatMap { channel in
          tunnel.futureResult.flatMapThrowing {
            slow.cancel()
            let handler = try channel.pipeline.syncOperations.handler(type: ProxyTunnel.self)
            try speak(channel)
            channel.pipeline.syncOperations.removeHandler(handler, promise: nil)
            return channel
          }.flatMapErrorThrowing { error in
            channel.close(promise: nil)
            throw error
          }
        }
        // Without a connection nobody keeps it.
        future.whenFailure { tunnel.fail($0) }
      }
      let channel = try await withTaskCancellationHandler {
        try await future.get()
      } onCancel: {
        dial.cancel()
        // Won the race: connected, and nobody will use it.
        future.whenSuccess { $0.close(promise: nil) }
      }
      return HTTPConnection(channel, inbox, patience)
    } catch {
      throw HTTPFailure(error)
    }
  }

  /// Lets a cancelled task give up at once: NIO's own connect goes on.
  private final class Dial: Sendable {
    private let state = Mutex<(channel: (any Channel)?, isCancelled: Bool)>((nil, false))

    func begin(_ channel: any Channel) -> Bool {
      state.withLock { state in
        state.channel = channel
        return !state.isCancelled
      }
    }

    func cancel() {
      let channel = state.withLock { state in
        state.isCancelled = true
        return state.channel
      }
      channel?.close(promise: nil)
    }
  }

  // MARK: Exchanges

  /// Sends a request and waits for the head of its answer.
  func send(_ head: HTTPRequestHead, body: [UInt8]) async throws(HTTPFailure) -> HTTPResponseHead {
    inbox.watch(channel, patience: patience)
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
    if !body.isEmpty { channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil) }
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    guard case .head(let response) = try await inbox.next(of: channel) else {
      close()
      throw HTTPFailure(kind: .malformed, description: "its answer has no head")
    }
    return response
  }

  /// The next bytes of the answer; nil at its end.
  func read() async throws(HTTPFailure) -> [ByteBuffer]? {
    switch try await inbox.next(of: channel) {
    case .body(let buffers): return buffers
    case .end:
      inbox.rest()
      return nil
    case .head:
      close()
      throw HTTPFailure(kind: .malformed, description: "two answers to one request")
    }
  }

  func close() {
    inbox.fail(.closed)
    channel.close(promise: nil)
  }

  /// Whether another exchange may begin.
  var isUsable: Bool { channel.isActive && inbox.isAlive }
}
