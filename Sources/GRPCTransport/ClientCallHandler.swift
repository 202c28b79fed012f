import NIOCore
import NIOHPACK
import NIOHTTP2

/// One call on the client's side of the stream. Lives on the event loop.
final class ClientCallHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  private let channel: any Channel
  private let requestHeaders: HPACKHeaders
  private let body: ByteBuffer
  private let deadline: NIODeadline?
  private let messageLimit: Int
  /// Streaming: reads only when a message is wanted, so that flow control holds the server back.
  private let onDemand: Bool
  private let peer: String

  private var timer: Scheduled<Void>?
  private var received = ByteBuffer()
  private var messages = CircularBuffer<ByteBuffer>()
  private var waiter: EventLoopPromise<ByteBuffer?>?
  private var result: GRPCStatus?
  private var sawHeaders = false

  init(
    channel: any Channel, headers: HPACKHeaders, body: ByteBuffer, deadline: NIODeadline?, messageLimit: Int, onDemand: Bool,
    peer: String
  ) {
    self.channel = channel
    self.requestHeaders = headers
    self.body = body
    self.deadline = deadline
    self.messageLimit = messageLimit
    self.onDemand = onDemand
    self.peer = peer
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if onDemand { try? context.channel.syncOptions?.setOption(.autoRead, value: false) }
    if context.channel.isActive { start(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    start(context)
    context.fireChannelActive()
  }

  private func start(_ context: ChannelHandlerContext) {
    if let deadline {
      timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self, peer] in
        self?.abort(GRPCStatus(.deadlineExceeded, "no answer from \(peer) in time"))
      }
    }
    context.write(wrapOutboundOut(.headers(.init(headers: requestHeaders))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.data(.init(data: .byteBuffer(body), endStream: true))), promise: nil)
  }

  // MARK: Consumer

  /// The next message, or nil after the last; fails with a GRPCStatus. One caller at a time.
  func next() -> EventLoopFuture<ByteBuffer?> {
    if let message = messages.popFirst() { return channel.eventLoop.makeSucceededFuture(message) }
    if let result {
      return result.code == .ok ? channel.eventLoop.makeSucceededFuture(nil) : channel.eventLoop.makeFailedFuture(result)
    }
    let promise = channel.eventLoop.makePromise(of: ByteBuffer?.self)
    waiter = promise
    if onDemand { channel.read() }
    return promise.futureResult
  }

  /// Resets the stream; whoever waits gets `status`.
  func abort(_ status: GRPCStatus) {
    guard result == nil else { return }
    end(status)
    channel.writeAndFlush(HTTP2Frame.FramePayload.rstStream(.cancel), promise: nil)
    channel.close(promise: nil)
  }

  // MARK: Response

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard result == nil else { return }
    switch unwrapInboundIn(data) {
    case .headers(let frame):
      read(frame.headers, endStream: frame.endStream)
    case .data(let frame):
      guard case .byteBuffer(var bytes) = frame.data else { return }
      received.writeBuffer(&bytes)
      do throws(GRPCStatus) {
        while let message = try MessageFraming.nextMessage(in: &received, limit: messageLimit) { deliver(message) }
        received.discardReadBytes()
      } catch { return abort(error) }
      if frame.endStream { end(GRPCStatus(.internalError, "\(peer) ended the stream without trailers")) }
    default:
      break
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if onDemand, waiter != nil { context.read() }
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(status(of: error))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(GRPCStatus(.unavailable, "\(peer) closed the connection during the call"))
    context.fireChannelInactive()
  }

  private func read(_ headers: HPACKHeaders, endStream: Bool) {
    if !sawHeaders {
      let http = headers.first(name: ":status") ?? ""
      if http.hasPrefix("1") { return }
      sawHeaders = true
      if http != "200", headers.first(name: "grpc-status") == nil {
        return abort(GRPCStatus(statusCode(ofHTTP: http), "\(peer) answered HTTP status \(http)"))
      }
    }
    guard endStream else { return }
    guard let text = headers.first(name: "grpc-status"), let number = Int(text) else {
      return end(GRPCStatus(.unknown, "\(peer) sent no grpc-status"))
    }
    let message = StatusMessage.decode(headers.first(name: "grpc-message") ?? "")
    end(GRPCStatus(GRPCStatus.Code(rawValue: number) ?? .unknown, message))
  }

  private func deliver(_ message: ByteBuffer) {
    if let promise = waiter {
      waiter = nil
      promise.succeed(message)
    } else {
      messages.append(message)
    }
  }

  private func end(_ status: GRPCStatus) {
    guard result == nil else { return }
    result = status
    timer?.cancel()
    timer = nil
    received = ByteBuffer()
    if let promise = waiter {
      waiter = nil
      if status.code == .ok { promise.succeed(nil) } else { promise.fail(status) }
    }
  }

  /// Source: grpc/doc/PROTOCOL-HTTP2.md, "Errors".
  private func status(of error: any Error) -> GRPCStatus {
    guard let closed = error as? NIOHTTP2Errors.StreamClosed else {
      return GRPCStatus(.unavailable, "the connection to \(peer) broke: \(error)")
    }
    let code: GRPCStatus.Code =
      switch closed.errorCode {
      case .cancel: .cancelled
      case .refusedStream: .unavailable
      case .enhanceYourCalm: .resourceExhausted
      case .inadequateSecurity: .permissionDenied
      default: .internalError
      }
    return GRPCStatus(code, "\(peer) reset the stream: \(closed.errorCode)")
  }

  /// Source: grpc/doc/http-grpc-status-mapping.md.
  private func statusCode(ofHTTP status: String) -> GRPCStatus.Code {
    switch status {
    case "400": .internalError
    case "401": .unauthenticated
    case "403": .permissionDenied
    case "404": .unimplemented
    case "429", "502", "503", "504": .unavailable
    default: .unknown
    }
  }
}
