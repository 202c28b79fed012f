import NIOCore

/// SPDY/3.1 on a connection, the server's side, for one session.
final class SPDYHandler: ChannelInboundHandler, SessionTransport {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Largest data frame sent, bytes: what a client keeps of a stream at a time.
  private static let maximumFrame = 1 << 16
  /// How long a client may take to close the connection after the last byte.
  private static let goodbye = TimeAmount.seconds(10)

  /// Answers to frames that may wait behind what the client does not read.
  private static let maximumAnswers = 1000

  private let session: any Session
  let hasStatus: Bool
  private var parser = SPDYFrameParser()
  private var writer = SPDYFrameWriter()
  private var streams: SPDYStreams
  private var context: ChannelHandlerContext?
  private var isOver = false
  /// Since the connection takes no more.
  private var answers = 0
  private var needsFlush = false
  private var isReading = false

  /// - Parameter limit: most streams at a time.
  init(_ session: any Session, limit: Int, hasStatus: Bool = true) {
    self.session = session
    self.hasStatus = hasStatus
    streams = SPDYStreams(limit: limit)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    session.begin(self)
  }

  func handlerRemoved(context: ChannelHandlerContext) { gone() }
  func channelInactive(context: ChannelHandlerContext) {
    gone()
    context.fireChannelInactive()
  }
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func gone() {
    guard context != nil else { return }
    context = nil
    session.clientGone()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isOver { return }
    parser.append(unwrapInboundIn(data))
    isReading = true
    do throws(StreamProtocolError) {
      while !isOver, self.context != nil, let frame = try parser.next() { try handle(frame) }
    } catch {
      write(writer.goAway(last: streams.last))
      context.flush()
      context.close(promise: nil)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    if needsFlush { flushNow() }
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if !isOver, self.context != nil { session.writabilityChanged() }
    context.fireChannelWritabilityChanged()
  }

  private func handle(_ frame: SPDYFrame) throws(StreamProtocolError) {
    switch frame {
    case .openStream(let stream, let headers, let ends):
      guard try streams.opened(stream, ends: ends) else { return try answer(writer.reset(stream, .refused)) }
      // Clients drop what comes on a stream before it is answered.
      try answer(writer.reply(stream))
      guard session.opened(stream, headers) else { return reset(stream) }
      if ends { session.ended(stream) }
    case .data(let stream, let bytes, let ends):
      guard streams.received(stream, ends: ends) == .deliver else { return }
      if bytes.readableBytes > 0 { session.received(bytes, on: stream) }
      if ends { session.ended(stream) }
    case .reset(let stream, _): if streams.reset(stream) { session.wasReset(stream) }
    // Even numbers are answers to ours, of which there are none.
    case .ping(let number): if number % 2 == 1 { try answer(writer.ping(number)) }
    case .reply, .goAway, .ignored: break
    }
  }

  /// What a client asks for by frames alone: one that takes no answers while it goes on asking would have them all kept.
  private func answer(_ bytes: ByteBuffer) throws(StreamProtocolError) {
    answers = isWritable ? 0 : answers + 1
    guard answers <= Self.maximumAnswers else { throw .tooLarge("more answers than the client reads") }
    write(bytes)
  }

  // MARK: SessionTransport

  var loop: any EventLoop {
    guard let context else { preconditionFailure("a session without a connection") }
    return context.eventLoop
  }
  var isWritable: Bool { context?.channel.isWritable ?? false }

  func send(_ bytes: ByteBuffer, on stream: UInt32) {
    guard streams.canSend(stream) else { return }
    var bytes = bytes
    while let part = bytes.readSlice(length: min(bytes.readableBytes, Self.maximumFrame)), part.readableBytes > 0 {
      write(writer.data(stream, count: part.readableBytes))
      write(part)
    }
  }

  func end(_ stream: UInt32) {
    guard streams.canSend(stream) else { return }
    streams.ended(stream)
    write(writer.data(stream, count: 0, ends: true))
  }

  func reset(_ stream: UInt32) {
    guard streams.reset(stream) else { return }
    write(writer.reset(stream, .cancel))
  }

  func setReading(_ reads: Bool) {
    guard let context, !isOver || reads else { return }
    try? context.channel.syncOptions?.setOption(.autoRead, value: reads)
  }

  func finish() {
    guard let context, !isOver else { return }
    isOver = true
    write(writer.goAway(last: streams.last))
    flushNow()
    context.closeWhenTaken(within: Self.goodbye)
  }

  private func write(_ bytes: ByteBuffer) {
    context?.write(wrapOutboundOut(bytes), promise: nil)
    if needsFlush { return }
    needsFlush = true
    // In one go with what follows in this turn of the loop.
    guard !isReading, let context else { return }
    let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
    context.eventLoop.execute { handler.value.flushNow() }
  }

  private func flushNow() {
    guard needsFlush else { return }
    needsFlush = false
    context?.flush()
  }
}

extension ChannelHandlerContext {
  /// Tells the other side, when it has taken everything, that nothing more comes, and reads and drops what it still sends until it closes: a connection closed with bytes
  /// unread would be reset, and the other side lose what was on its way.
  func closeWhenTaken(within time: TimeAmount) {
    try? channel.syncOptions?.setOption(.autoRead, value: true)
    let (channel, loop) = (channel, eventLoop)
    let ended = loop.makePromise(of: Void.self)
    // What is still to be sent may take as long as it likes; only a connection on which nothing happens ends before.
    ended.futureResult.whenComplete { _ in
      let timer = loop.scheduleTask(in: time) { channel.close(promise: nil) }
      channel.closeFuture.whenComplete { _ in timer.cancel() }
    }
    close(mode: .output, promise: ended)
  }
}
