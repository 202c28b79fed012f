import LinuxSystem
import NIOCore
import NIOPosix

/// One client that forwards ports: any number of connections into a pod, two streams each.
/// Source: k8s.io/kubelet, cri-streaming/portforward/httpstream.go.
final class ForwardSession: Session {
  /// Streams at a time: 8000 connections.
  static let maximumStreams = 16000
  /// Connections of which one stream has come: clients open both at once.
  static let maximumWaiting = 256
  /// Bytes on their way into the pod above which the client is not read any more.
  private static let highMark = 4 << 20

  private struct Connection {
    var pair = ForwardPair()
    var port: UInt16
    var socket: (any Channel)?
    var isPaused = false
    /// What came before the socket was connected.
    var early: [ByteBuffer] = []
    var timer: Scheduled<Void>?
  }

  private let request: ForwardRequest
  private let pairTimeout: TimeAmount
  private var transport: (any SessionTransport)?
  /// By the id of the request, a number that the client gave both streams.
  private var connections: [String: Connection] = [:]
  private var owners: [UInt32: String] = [:]
  private var waiting = 0
  /// Those whose socket waits until the client takes more.
  private var paused: Set<String> = []
  private var underway = 0

  init(_ request: ForwardRequest, pairTimeout: TimeAmount) {
    self.request = request
    self.pairTimeout = pairTimeout
  }

  func begin(_ transport: any SessionTransport) { self.transport = transport }

  // MARK: The client

  func opened(_ stream: UInt32, _ headers: SPDYHeaders) -> Bool {
    guard let transport, let kind = headers["streamtype"], kind == "data" || kind == "error",
      let port = headers["port"].flatMap({ UInt16($0) }), port > 0
    else { return false }
    // Older clients name no request: the error stream comes first, the data stream after it.
    let id = headers["requestid"] ?? "\(kind == "error" ? stream : stream &- 2)"
    // Clients count.
    guard id.utf8.count <= 64 else { return false }
    var connection = connections[id] ?? Connection(port: port)
    guard connection.port == port, let actions = connection.pair.opened(stream, isError: kind == "error") else { return false }
    if connections[id] == nil {
      guard waiting < Self.maximumWaiting else { return false }
      waiting += 1
      let session = NIOLoopBound(self, eventLoop: transport.loop)
      connection.timer = transport.loop.scheduleTask(in: pairTimeout) { session.value.apply(id) { $0.tookTooLong() } }
    }
    owners[stream] = id
    connections[id] = connection
    perform(actions, id)
    return true
  }

  func received(_ bytes: ByteBuffer, on stream: UInt32) {
    guard let id = owners[stream], let connection = connections[id], connection.pair.data == stream else { return }
    underway += bytes.readableBytes + DescriptorSink.pieceCost
    if let socket = connection.socket {
      pass(bytes, to: socket)
    } else {
      connections[id]?.early.append(bytes)
    }
    if underway >= Self.highMark { transport?.setReading(false) }
  }

  private func pass(_ bytes: ByteBuffer, to socket: any Channel) {
    guard let transport else { return }
    let (session, count) = (NIOLoopBound(self, eventLoop: transport.loop), bytes.readableBytes + DescriptorSink.pieceCost)
    socket.writeAndFlush(bytes).whenComplete { _ in session.value.arrived(count) }
  }

  private func arrived(_ count: Int) {
    let wasFull = underway >= Self.highMark
    underway -= count
    if wasFull, underway < Self.highMark { transport?.setReading(true) }
  }

  func ended(_ stream: UInt32) {
    guard let id = owners[stream], connections[id]?.pair.data == stream else { return }
    apply(id) { $0.clientEnded() }
  }

  func wasReset(_ stream: UInt32) {
    guard let id = owners[stream] else { return }
    apply(id) { $0.broke() }
  }

  func writabilityChanged() {
    guard transport?.isWritable == true else { return }
    let waiting = paused
    paused = []
    for id in waiting { connections[id]?.socket?.read() }
  }

  func clientGone() {
    transport = nil
    for connection in connections.values {
      connection.timer?.cancel()
      connection.socket?.close(promise: nil)
    }
    connections = [:]
    owners = [:]
  }

  // MARK: The pod

  private func apply(_ id: String, _ change: (inout ForwardPair) -> [ForwardPair.Action]) {
    guard var pair = connections[id]?.pair else { return }
    let actions = change(&pair)
    connections[id]?.pair = pair
    perform(actions, id)
  }

  private func perform(_ actions: [ForwardPair.Action], _ id: String) {
    for action in actions {
      guard let connection = connections[id] else { return }
      switch action {
      case .dial: dial(id, connection.port)
      case .endClientStream: if let stream = connection.pair.data { transport?.end(stream) }
      case .endPodSocket:
        // Behind what is still on its way: half a close would overtake it.
        guard let socket = connection.socket else { continue }
        socket.writeAndFlush(ByteBuffer()).whenComplete { _ in socket.close(mode: .output, promise: nil) }
      case .close: close(id)
      case .fail(let reason):
        if let stream = connection.pair.error { transport?.send(ByteBuffer(string: reason), on: stream) }
        if let stream = connection.pair.error { transport?.end(stream) }
        if let stream = connection.pair.data { transport?.reset(stream) }
        forget(id)
      case .closeSocket: break
      }
    }
  }

  private func close(_ id: String) {
    guard let connection = connections[id] else { return }
    if let stream = connection.pair.data { transport?.end(stream) }
    if let stream = connection.pair.error { transport?.end(stream) }
    if let socket = connection.socket {
      // What the client sent last is on its way.
      socket.writeAndFlush(ByteBuffer()).whenComplete { _ in socket.close(promise: nil) }
    }
    forget(id)
  }

  private func forget(_ id: String) {
    guard let connection = connections.removeValue(forKey: id) else { return }
    connection.timer?.cancel()
    if connection.pair.data == nil || connection.pair.error == nil { waiting -= 1 }
    paused.remove(id)
    for bytes in connection.early { arrived(bytes.readableBytes + DescriptorSink.pieceCost) }
    for stream in [connection.pair.data, connection.pair.error] { if let stream { owners[stream] = nil } }
  }

  private func dial(_ id: String, _ port: UInt16) {
    waiting -= 1
    guard let transport else { return }
    connections[id]?.timer?.cancel()
    let (session, loop, dial) = (NIOLoopBound(self, eventLoop: transport.loop), transport.loop, request.dial)
    Task {
      do {
        let descriptor = try await dial(port).duplicate()
        let raw = descriptor.release()
        loop.execute { session.value.adopt(raw, id) }
      } catch {
        let reason = if case .failed(let reason)? = error as? ProcessEnd { reason } else { "\(error)" }
        loop.execute { session.value.apply(id) { $0.dialFailed(reason) } }
      }
    }
  }

  private func adopt(_ raw: NIOBSDSocket.Handle, _ id: String) {
    guard let transport, connections[id]?.pair.state == .dialing else {
      _ = OwnedDescriptor(adopting: raw)
      return
    }
    let session = NIOLoopBound(self, eventLoop: transport.loop)
    ClientBootstrap(group: transport.loop)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.autoRead, value: false)
      // As much as may come before others have their turn.
      .channelOption(.maxMessagesPerRead, value: 8)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(PodSocketHandler(session.value, id))
        }
      }
      .withConnectedSocket(raw)
      .whenComplete { result in
        switch result {
        case .success(let socket): session.value.connected(socket, id)
        case .failure(let error): session.value.apply(id) { $0.dialFailed("\(error)") }
        }
      }
  }

  private func connected(_ socket: any Channel, _ id: String) {
    guard connections[id]?.pair.state == .dialing else { return socket.close(promise: nil) }
    connections[id]?.socket = socket
    let early = connections[id]?.early ?? []
    connections[id]?.early = []
    for bytes in early { pass(bytes, to: socket) }
    apply(id) { $0.dialed() }
    readOn(id)
  }

  fileprivate func podSent(_ bytes: ByteBuffer, _ id: String) {
    if let stream = connections[id]?.pair.data { transport?.send(bytes, on: stream) }
  }

  fileprivate func readOn(_ id: String) {
    guard let transport else { return }
    if transport.isWritable { connections[id]?.socket?.read() } else { paused.insert(id) }
  }

  fileprivate func podEnded(_ id: String) { apply(id) { $0.podEnded() } }
  fileprivate func podBroke(_ id: String) { apply(id) { $0.broke() } }
}

/// The socket of one forwarded connection.
private final class PodSocketHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let session: ForwardSession
  private let id: String

  init(_ session: ForwardSession, _ id: String) {
    self.session = session
    self.id = id
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { session.podSent(unwrapInboundIn(data), id) }
  func channelReadComplete(context: ChannelHandlerContext) { session.readOn(id) }
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { session.podEnded(id) }
    context.fireUserInboundEventTriggered(event)
  }
  func channelInactive(context: ChannelHandlerContext) { session.podBroke(id) }
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
