import NIOCore

/// Exec and attach on a WebSocket: each message begins with its channel.
final class WebSocketHandler: ChannelInboundHandler, SessionTransport {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let goodbye = TimeAmount.seconds(10)
  /// A client that hears nothing for a minute gives up, while its input is held up and its pings are not read.
  private static let heartbeat = TimeAmount.seconds(20)

  private let session: any Session
  private let channels: ChannelProtocol
  private let streams: [ProcessStream]
  private var parser = WebSocketFrameParser()
  private var context: ChannelHandlerContext?
  private var isOver = false
  /// The channel of a message that goes on, or what came of it as text.
  private var message: (channel: UInt8?, text: [UInt8])?
  private var heart: RepeatedTask?

  /// - Parameter streams: what the client asked for.
  init(_ session: any Session, channels: ChannelProtocol, streams: Set<ProcessStream>) {
    self.session = session
    self.channels = channels
    self.streams = ProcessStream.allCases.filter { streams.contains($0) }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    // Clients wait for a first byte on their output.
    let first: ProcessStream = streams.first { $0 == .stdout || $0 == .stderr } ?? .error
    write(ByteBuffer(), channel: first.channel)
    session.begin(self)
    for stream in streams { _ = session.opened(UInt32(stream.channel), SPDYHeaders([("streamtype", stream.rawValue)])) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { gone() }
  func channelInactive(context: ChannelHandlerContext) {
    gone()
    context.fireChannelInactive()
  }
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func gone() {
    guard context != nil else { return }
    heart?.cancel()
    (context, heart) = (nil, nil)
    session.clientGone()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isOver { return }
    parser.append(unwrapInboundIn(data))
    do throws(StreamProtocolError) {
      while !isOver, self.context != nil, let frame = try parser.next() { try handle(frame) }
    } catch {
      let ending: WebSocketFrame.Ending = if case .tooLarge = error { .tooLarge } else { .protocolError }
      write(.close(ending))
      isOver = true
      context.closeWhenTaken(within: Self.goodbye)
      // Nobody is served any more, however long the client takes to see it.
      gone()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if !isOver, self.context != nil { session.writabilityChanged() }
    context.fireChannelWritabilityChanged()
  }

  private func handle(_ frame: WebSocketFrame) throws(StreamProtocolError) {
    switch frame.kind {
    // A client that reads nothing is not kept answers for.
    case .ping: if isWritable { write(WebSocketFrame(kind: .pong, payload: frame.payload)) }
    case .pong: break
    case .close:
      isOver = true
      write(.close(.normal))
      context?.close(promise: nil)
    case .binary, .text, .continuation:
      if (frame.kind == .continuation) != (message != nil) { throw .malformed("a part of no message") }
      try handlePart(frame)
    }
  }

  private func handlePart(_ frame: WebSocketFrame) throws(StreamProtocolError) {
    var payload = frame.payload
    if channels.isBase64 {
      // Taken out, so that what there is of it is not copied for each part.
      var text = message?.text ?? []
      message = nil
      guard text.count + payload.readableBytes <= WebSocketFrameParser.maximumFrame else { throw .tooLarge("a message") }
      text += payload.readableBytesView
      if !frame.isFinal { message = (nil, text) }
      guard frame.isFinal, let digit = text.first else { return }
      guard digit >= UInt8(ascii: "0"), let bytes = Base64.decode(text.dropFirst()) else {
        throw .malformed("a message that is not base64")
      }
      return deliver(ByteBuffer(bytes: bytes), channel: digit - UInt8(ascii: "0"))
    }
    let channel = message?.channel ?? payload.readInteger(as: UInt8.self)
    message = frame.isFinal ? nil : (channel, [])
    guard let channel else { return }
    if channel == ChannelProtocol.end, channels.hasEnds {
      if let ended = payload.readInteger(as: UInt8.self) { session.ended(UInt32(ended)) }
    } else {
      deliver(payload, channel: channel)
    }
  }

  private func deliver(_ bytes: ByteBuffer, channel: UInt8) {
    if bytes.readableBytes > 0 { session.received(bytes, on: UInt32(channel)) }
  }

  // MARK: SessionTransport

  var loop: any EventLoop {
    guard let context else { preconditionFailure("a session without a connection") }
    return context.eventLoop
  }
  var isWritable: Bool { context?.channel.isWritable ?? false }
  var hasStatus: Bool { channels.hasStatus }

  func send(_ bytes: ByteBuffer, on stream: UInt32) { write(bytes, channel: UInt8(stream)) }

  /// The end of the connection is that of all channels.
  func end(_ stream: UInt32) {}

  func reset(_ stream: UInt32) {}

  func setReading(_ reads: Bool) {
    guard let context, !isOver || reads else { return }
    try? context.channel.syncOptions?.setOption(.autoRead, value: reads)
    heart?.cancel()
    heart = nil
    if reads { return }
    let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
    heart = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.heartbeat, delay: Self.heartbeat) { _ in
      handler.value.write(WebSocketFrame(kind: .pong, payload: ByteBuffer()))
    }
  }

  func finish() {
    guard let context, !isOver else { return }
    isOver = true
    write(.close(.normal))
    context.closeWhenTaken(within: Self.goodbye)
  }

  private func write(_ bytes: ByteBuffer, channel: UInt8) {
    if channels.isBase64 {
      let text = [UInt8(ascii: "0") + channel] + Base64.encode(bytes.readableBytesView)
      return write(WebSocketFrame(kind: .text, payload: ByteBuffer(bytes: text)))
    }
    var head = WebSocketFrame.head(.binary, count: bytes.readableBytes + 1)
    head.writeInteger(channel)
    context?.write(wrapOutboundOut(head), promise: nil)
    context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }

  private func write(_ frame: WebSocketFrame) {
    context?.write(wrapOutboundOut(WebSocketFrame.head(frame.kind, count: frame.payload.readableBytes)), promise: nil)
    context?.writeAndFlush(wrapOutboundOut(frame.payload), promise: nil)
  }
}

extension ProcessStream {
  /// Source: k8s.io/kubelet, cri-streaming/remotecommand/websocket.go.
  var channel: UInt8 {
    switch self {
    case .stdin: 0
    case .stdout: 1
    case .stderr: 2
    case .error: 3
    case .resize: 4
    }
  }
}
