import NIOCore
import NIOPosix
import Synchronization

/// A client of port-forward: listens on ports of this host, and each connection becomes two streams of one session.
public final class ForwardClient: Sendable {
  private let url: String
  private let ports: [(local: Int, remote: UInt16)]
  private let address: String

  /// - Parameter ports: local 0 takes a free one.
  public init(url: String, address: String = "127.0.0.1", ports: [(local: Int, remote: UInt16)]) {
    self.url = url
    self.address = address
    self.ports = ports
  }

  /// Serves until the session ends or the task is cancelled.
  /// - Parameters:
  ///   - listening: called for each port when it can be used.
  ///   - problem: called with what went wrong with one connection.
  /// - Throws: why it ended.
  public func run(
    listening: @escaping @Sendable (_ local: Int, _ remote: UInt16) -> Void, problem: @escaping @Sendable (String) -> Void
  ) async throws(StreamingError) {
    let place = try StreamURL(url)
    let group = MultiThreadedEventLoopGroup.singleton.next()
    let (states, continuation) = AsyncStream.makeStream(of: String?.self)
    let (url, address) = (url, address)
    let channel: any Channel
    do {
      channel = try await ClientBootstrap(group: group)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let session = ForwardClientSession(problem: problem) { state in
              continuation.yield(state)
              if state != nil { continuation.finish() }
            }
            try channel.pipeline.syncOperations.addHandlers(
              ClientHandler(place.request(["portforward.k8s.io"]), session), ForwardClientMarker(session))
          }
        }
        .connect(host: place.host, port: place.port).get()
    } catch {
      throw StreamingError("cannot connect to \(url): \(error)")
    }
    defer { channel.close(promise: nil) }
    var listeners: [any Channel] = []
    defer { for listener in listeners { listener.close(promise: nil) } }
    for await state in states {
      if let state { throw StreamingError(state) }
      for (local, remote) in ports {
        do {
          let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { local in
              local.eventLoop.makeCompletedFuture {
                let session = try channel.pipeline.syncOperations.handler(type: ForwardClientMarker.self).session
                try local.pipeline.syncOperations.addHandler(ForwardClientSocket(session, port: remote))
              }
            }
            .bind(host: address, port: local).get()
          listeners.append(listener)
          listening(listener.localAddress?.port ?? local, remote)
        } catch {
          throw StreamingError("cannot listen on \(address):\(local): \(error)")
        }
      }
    }
  }
}

/// Finds the session of a connection.
private final class ForwardClientMarker: ChannelInboundHandler {
  typealias InboundIn = NIOAny
  let session: ForwardClientSession
  init(_ session: ForwardClientSession) { self.session = session }
}

/// Of one `ForwardClient`; on the one event loop of its connections.
final class ForwardClientSession: ClientSession {
  private let problem: (String) -> Void
  /// nil: it began; else why it ended.
  private let onState: (String?) -> Void
  private var handler: ClientHandler?
  private var sockets: [UInt32: ForwardClientSocket] = [:]
  private var errors: [UInt32: [UInt8]] = [:]
  private var requests = 0

  init(problem: @escaping (String) -> Void, onState: @escaping (String?) -> Void) {
    self.problem = problem
    self.onState = onState
  }

  func begin(_ handler: ClientHandler) {
    self.handler = handler
    onState(nil)
  }

  /// nil: the session is over.
  func open(_ port: UInt16, _ socket: ForwardClientSocket) -> UInt32? {
    guard let handler else { return nil }
    defer { requests += 1 }
    let fields = [("port", "\(port)"), ("requestid", "\(requests)")]
    let error = handler.open([("streamtype", "error")] + fields, ends: true)
    errors[error] = []
    let data = handler.open([("streamtype", "data")] + fields)
    sockets[data] = socket
    return data
  }

  var isWritable: Bool { handler?.isWritable ?? false }
  func send(_ bytes: ByteBuffer, on stream: UInt32) { handler?.send(bytes, on: stream) }
  func end(_ stream: UInt32) { handler?.end(stream) }
  func forget(_ stream: UInt32) { sockets[stream] = nil }
  func setReading(_ reads: Bool) { handler?.setReading(reads) }

  func received(_ bytes: ByteBuffer, on stream: UInt32) {
    if errors[stream] != nil {
      errors[stream]? += bytes.readableBytesView.prefix(4096)
    } else {
      sockets[stream]?.deliver(bytes)
    }
  }

  func ended(_ stream: UInt32) {
    if let text = errors.removeValue(forKey: stream) {
      if !text.isEmpty { problem(String(decoding: text, as: UTF8.self)) }
    } else {
      sockets[stream]?.endOutput()
    }
  }

  func writabilityChanged() { if isWritable { for socket in sockets.values { socket.readOn() } } }

  func disconnected(_ reason: String) {
    handler = nil
    for socket in sockets.values { socket.close() }
    sockets = [:]
    onState(reason)
  }
}

/// A connection to a local port.
final class ForwardClientSocket: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let highMark = 1 << 20
  private let session: ForwardClientSession
  private let port: UInt16
  private var stream: UInt32?
  private var context: ChannelHandlerContext?
  private var underway = 0

  init(_ session: ForwardClientSession, port: UInt16) {
    self.session = session
    self.port = port
  }

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    stream = session.open(port, self)
    if stream == nil { return context.close(promise: nil) }
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if let stream { session.send(unwrapInboundIn(data), on: stream) }
  }
  func channelReadComplete(context: ChannelHandlerContext) { if session.isWritable { context.read() } }
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent, let stream { session.end(stream) }
  }
  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    guard let stream else { return }
    session.end(stream)
    session.forget(stream)
    if underway >= Self.highMark { session.setReading(true) }
  }
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func readOn() { context?.read() }

  func deliver(_ bytes: ByteBuffer) {
    guard let context else { return }
    underway += bytes.readableBytes
    let (socket, count) = (NIOLoopBound(self, eventLoop: context.eventLoop), bytes.readableBytes)
    context.channel.writeAndFlush(bytes).whenComplete { _ in socket.value.written(count) }
    if underway >= Self.highMark { session.setReading(false) }
  }

  private func written(_ count: Int) {
    let wasFull = underway >= Self.highMark
    underway -= count
    if wasFull, underway < Self.highMark { session.setReading(true) }
  }

  func endOutput() {
    guard let channel = context?.channel else { return }
    channel.writeAndFlush(ByteBuffer()).whenComplete { _ in channel.close(mode: .output, promise: nil) }
  }

  func close() { context?.close(promise: nil) }
}
