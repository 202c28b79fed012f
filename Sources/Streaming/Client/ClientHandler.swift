import NIOCore

/// The client's side of SPDY/3.1 on a connection: asks for the upgrade, then moves bytes for a `ClientSession`.
final class ClientHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let request: HTTPHead
  private let session: any ClientSession
  private var head = ByteBuffer()
  private var isUpgraded = false
  private var parser = SPDYFrameParser()
  private var writer = SPDYFrameWriter()
  private var streams = SPDYStreams(limit: 0, peerIsClient: false)
  private var next: UInt32 = 1
  private var context: ChannelHandlerContext?

  init(_ request: HTTPHead, _ session: any ClientSession) {
    self.request = request
    self.session = session
  }

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    context.writeAndFlush(wrapOutboundOut(request.encoded), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    session.disconnected("the server closed the connection")
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do throws(StreamProtocolError) {
      if isUpgraded {
        parser.append(unwrapInboundIn(data))
      } else {
        head.writeImmutableBuffer(unwrapInboundIn(data))
        guard let answer = try HTTPHead.read(from: &head) else { return }
        guard answer.first[1] == "101" else {
          let reason = String(buffer: head).split(separator: "\n").first.map { ": \($0)" } ?? ""
          session.disconnected("the server answers \(answer.first.dropFirst().joined(separator: " "))\(reason)")
          return context.close(promise: nil)
        }
        isUpgraded = true
        parser.append(head)
        session.begin(self)
      }
      while let frame = try parser.next() { try handle(frame) }
      context.flush()
    } catch {
      session.disconnected("\(error)")
      context.close(promise: nil)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) { session.writabilityChanged() }

  private func handle(_ frame: SPDYFrame) throws(StreamProtocolError) {
    switch frame {
    case .data(let stream, let bytes, let ends):
      guard streams.received(stream, ends: ends) == .deliver else { return }
      if bytes.readableBytes > 0 { session.received(bytes, on: stream) }
      if ends { session.ended(stream) }
    case .reset(let stream, _): if streams.reset(stream) { session.ended(stream) }
    case .ping(let number): if number % 2 == 0 { write(writer.ping(number)) }
    case .openStream(let stream, _, _): write(writer.reset(stream, .refused))
    case .reply, .goAway, .ignored: break
    }
  }

  // MARK: For the session

  var loop: any EventLoop {
    guard let context else { preconditionFailure("a session without a connection") }
    return context.eventLoop
  }
  var isWritable: Bool { context?.channel.isWritable ?? false }

  func open(_ fields: [(name: String, value: String)], ends: Bool = false) -> UInt32 {
    defer { next += 2 }
    streams.open(next)
    write(writer.openStream(next, SPDYHeaders(fields), ends: ends))
    if ends { streams.ended(next) }
    return next
  }

  func send(_ bytes: ByteBuffer, on stream: UInt32) {
    guard streams.canSend(stream) else { return }
    write(writer.data(stream, count: bytes.readableBytes))
    write(bytes)
  }

  func end(_ stream: UInt32) {
    guard streams.canSend(stream) else { return }
    streams.ended(stream)
    write(writer.data(stream, count: 0, ends: true))
  }

  func setReading(_ reads: Bool) { try? context?.channel.syncOptions?.setOption(.autoRead, value: reads) }
  func close() { context?.close(promise: nil) }
  func flush() { context?.flush() }

  private func write(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
}

/// What a client does with its streams.
protocol ClientSession: AnyObject {
  /// The server agreed.
  func begin(_ handler: ClientHandler)
  func received(_ bytes: ByteBuffer, on stream: UInt32)
  func ended(_ stream: UInt32)
  func writabilityChanged()
  /// It is over; called once or more.
  func disconnected(_ reason: String)
}
