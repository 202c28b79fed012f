internal import KubeModel
internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// The stream of a health check: request out, one message and trailers in. The first outcome wins; all of it happens on one event loop.
final class HealthCheckCall: ChannelInboundHandler, Sendable {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  enum Answer: Equatable, Sendable {
    /// HealthCheckResponse.ServingStatus.
    case status(Int)
    /// A gRPC status that is not OK.
    case refused(Int, String)
    case deadline
    case broken(String)
  }

  let answer: EventLoopPromise<Answer>
  private let authority: String
  private let service: String
  private let state: NIOLoopBoundBox<(body: ByteBuffer, isDone: Bool)>

  /// Bytes of an answer that are read.
  static let bodyLimit = 4096

  init(authority: String, service: String, answer: EventLoopPromise<Answer>) {
    self.authority = authority
    self.service = service
    self.answer = answer
    state = NIOLoopBoundBox.makeBoxSendingValue((ByteBuffer(), false), eventLoop: answer.futureResult.eventLoop)
  }

  func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { start(context) } }

  func channelActive(context: ChannelHandlerContext) {
    start(context)
    context.fireChannelActive()
  }

  private func start(_ context: ChannelHandlerContext) {
    let headers: HPACKHeaders = [
      ":method": "POST", ":scheme": "http", ":path": "/grpc.health.v1.Health/Check", ":authority": authority,
      "content-type": "application/grpc", "te": "trailers", "user-agent": Prober.agent,
    ]
    context.write(wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
    let body = Self.request(service)
    context.writeAndFlush(wrapOutboundOut(.data(.init(data: .byteBuffer(body), endStream: true))), promise: nil)
  }

  /// A length-prefixed HealthCheckRequest: `string service = 1`.
  static func request(_ service: String) -> ByteBuffer {
    var message = ByteBuffer()
    if !service.isEmpty {
      message.writeInteger(UInt8(0x0A))
      var length = service.utf8.count
      while length > 0x7F {
        message.writeInteger(UInt8(length & 0x7F) | 0x80)
        length >>= 7
      }
      message.writeInteger(UInt8(length))
      message.writeString(service)
    }
    var framed = ByteBuffer()
    framed.writeInteger(UInt8(0))
    framed.writeInteger(UInt32(message.readableBytes))
    framed.writeImmutableBuffer(message)
    return framed
  }

  /// HealthCheckResponse has one field, `ServingStatus status = 1`; an absent one is 0. nil: not such a message.
  static func status(_ body: ByteBuffer) -> Int? {
    var body = body
    guard body.readInteger(as: UInt8.self) == 0, let length = body.readInteger(as: UInt32.self),
      var message = body.readSlice(length: Int(length))
    else { return nil }
    if message.readableBytes == 0 { return 0 }
    guard message.readInteger(as: UInt8.self) == 0x08, let value = message.readInteger(as: UInt8.self) else { return nil }
    return Int(value)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .headers(let frame):
      if let http = frame.headers.first(name: ":status"), http != "200", frame.headers.first(name: "grpc-status") == nil {
        return finish(.broken("unexpected HTTP status code received from server: \(http.clipped(to: 16))"))
      }
      if frame.endStream { end(frame.headers) }
    case .data(let frame):
      guard case .byteBuffer(var bytes) = frame.data else { return }
      if state.value.body.readableBytes + bytes.readableBytes > Self.bodyLimit { return finish(.broken("the answer is too large")) }
      state.value.body.writeBuffer(&bytes)
      if frame.endStream { finish(.broken("server closed the stream without sending trailers")) }
    default: break
    }
  }

  private func end(_ trailers: HPACKHeaders) {
    let code = Int(trailers.first(name: "grpc-status") ?? "") ?? 2
    if code != 0 { return finish(.refused(code, (trailers.first(name: "grpc-message") ?? "").clipped(to: 256))) }
    finish(Self.status(state.value.body).map { .status($0) } ?? .broken("the answer is not a HealthCheckResponse"))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    finish(.broken("\(error)"))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish(.broken("the stream was closed"))
    context.fireChannelInactive()
  }

  /// On the event loop of `answer`.
  func fail(_ answer: Answer) { finish(answer) }

  private func finish(_ result: Answer) {
    if state.value.isDone { return }
    state.value.isDone = true
    answer.succeed(result)
  }
}
