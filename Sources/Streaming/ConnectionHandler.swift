import NIOCore

/// The first thing on a connection: reads the request's head, takes the token, and makes the connection a session or refuses it.
final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let headTimeout = TimeAmount.seconds(10)
  private static let goodbye = TimeAmount.seconds(5)

  private let tokens: Tokens
  private let creationTimeout: TimeAmount
  private let endPatience: TimeAmount
  private var buffer = ByteBuffer()
  private var timer: Scheduled<Void>?
  private var isAnswered = false

  init(_ tokens: Tokens, creationTimeout: TimeAmount, endPatience: TimeAmount) {
    self.tokens = tokens
    self.endPatience = endPatience
    self.creationTimeout = creationTimeout
  }

  func channelActive(context: ChannelHandlerContext) {
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: Self.headTimeout) { channel.close(promise: nil) }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isAnswered { return }
    buffer.writeImmutableBuffer(unwrapInboundIn(data))
    do throws(StreamProtocolError) {
      if let head = try HTTPHead.read(from: &buffer) { answer(head, context) }
    } catch {
      refuse(400, "\(error)", [], context)
    }
  }

  private func answer(_ head: HTTPHead, _ context: ChannelHandlerContext) {
    guard ["GET", "POST"].contains(head.first[0]) else { return refuse(405, "GET or POST", [], context) }
    let path = head.first[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0]
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
    guard parts.count == 3, parts[0].isEmpty, let request = tokens.take(parts[1], parts[2]) else {
      return refuse(404, "no such session: its URL was used already, or is older than a minute", [], context)
    }
    var forwards = false
    if case .portForward = request { forwards = true }
    switch Upgrade.answer(head, forwards: forwards) {
    case .refuse(let code, let message, let accepted): refuse(code, message, accepted, context)
    case .accept(let transport, let response): begin(request, transport, response, context)
    }
  }

  private func begin(
    _ request: Tokens.Request, _ transport: Upgrade.Transport, _ response: HTTPHead, _ context: ChannelHandlerContext
  ) {
    isAnswered = true
    timer?.cancel()
    context.writeAndFlush(wrapOutboundOut(response.encoded), promise: nil)
    var handlers: [any ChannelHandler] = []
    switch request {
    case .exec(let asked), .attach(let asked):
      var streams = asked.streams
      // Clients of the first versions know no sizes.
      if case .spdy(let version) = transport, !version.hasSizes { streams.remove(.resize) }
      let session = ProcessSession(
        asked, streams, isAttached: request.kind == "attach", creationTimeout: creationTimeout,
        endPatience: endPatience)
      if case .webSocket(let channels) = transport {
        handlers = [WebSocketHandler(session, channels: channels, streams: streams)]
      } else if case .spdy(let version) = transport {
        handlers = [SPDYHandler(session, limit: ProcessStream.allCases.count, hasStatus: version.hasStatus)]
      }
    case .portForward(let request):
      if transport == .tunnel { handlers.append(WebSocketTunnel()) }
      let session = ForwardSession(request, pairTimeout: creationTimeout)
      handlers.append(SPDYHandler(session, limit: ForwardSession.maximumStreams))
    }
    // Clients may send on before they have the answer.
    let rest = buffer
    do {
      try context.pipeline.syncOperations.addHandlers(handlers, position: .after(self))
      if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
      context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    } catch {
      context.close(promise: nil)
    }
  }

  private func refuse(_ code: Int, _ message: String, _ accepted: [String], _ context: ChannelHandlerContext) {
    isAnswered = true
    timer?.cancel()
    context.writeAndFlush(wrapOutboundOut(Upgrade.refusal(code, message, accepted: accepted)), promise: nil)
    context.closeWhenTaken(within: Self.goodbye)
  }
}
