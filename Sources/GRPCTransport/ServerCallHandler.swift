import NIOCore
import NIOHPACK
import NIOHTTP2

/// One call on the server: collects the request, owns the task of its handler, writes the response. Lives on the event loop.
///
/// A reset, a closed connection or the deadline cancel the task; what it returns afterwards is dropped.
final class ServerCallHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  private enum State {
    case waitingForHeaders
    case receiving(GRPCRouter.Method, CallContext)
    case running(Task<Void, Never>)
    case finished
  }

  private let router: GRPCRouter
  private let messageLimit: Int
  private let memory: MessageMemory
  private let calls: StreamingCalls
  private let connection: ServerConnection
  /// Why there was no place for this call when it came: it is told so and ends.
  private var refusal: GRPCStatus?
  /// Bytes taken from `memory` for the request.
  private var held = 0
  private var state = State.waitingForHeaders
  private var received = ByteBuffer()
  private var requestEnded = false
  private var headersSent = false
  private var deadline: Scheduled<Void>?
  private var context: ChannelHandlerContext?

  init(router: GRPCRouter, messageLimit: Int, memory: MessageMemory, calls: StreamingCalls, connection: ServerConnection) {
    self.router = router
    self.messageLimit = messageLimit
    self.memory = memory
    self.calls = calls
    self.connection = connection
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    refusal = connection.beginCall()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    abandon()
    connection.endCall()
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    abandon()
    context.fireChannelInactive()
  }

  /// A reset stream: the channel becomes inactive right after.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    abandon()
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .headers(let frame):
      guard case .waitingForHeaders = state else { return }
      requestEnded = frame.endStream
      begin(frame.headers)
      if frame.endStream { startIfComplete() }
    case .data(let frame):
      requestEnded = frame.endStream
      guard case .receiving = state, case .byteBuffer(var bytes) = frame.data else { return }
      guard memory.take(bytes.readableBytes) else { return finish(Self.noRoom) }
      held += bytes.readableBytes
      received.writeBuffer(&bytes)
      startIfComplete()
    default:
      break
    }
  }

  // MARK: Request

  private func begin(_ headers: HPACKHeaders) {
    guard let context else { return }
    if let refusal { return finish(refusal) }
    let contentType = headers.first(name: "content-type") ?? ""
    guard
      contentType == "application/grpc" || contentType.hasPrefix("application/grpc+") || contentType.hasPrefix("application/grpc;")
    else { return refuse(httpStatus: "415", "this socket speaks gRPC; content-type is \"\(contentType)\"") }
    guard headers.first(name: ":method") == "POST" else { return refuse(httpStatus: "405", "gRPC uses POST") }
    let path = headers.first(name: ":path") ?? ""
    guard let method = router.method(at: path) else { return finish(router.missing(path)) }
    if let encoding = headers.first(name: "grpc-encoding"), encoding != "identity" {
      return finish(GRPCStatus(.unimplemented, "grpc-encoding \"\(encoding)\" is not supported, only identity"))
    }
    var limit: TimeAmount?
    if let text = headers.first(name: "grpc-timeout") {
      guard let timeout = CallTimeout.decode(text) else {
        return finish(GRPCStatus(.internalError, "malformed grpc-timeout \"\(text)\""))
      }
      limit = timeout
      deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in
        self?.finish(GRPCStatus(.deadlineExceeded, "context deadline exceeded"))
      }
    }
    let metadata = headers.filter { !$0.name.hasPrefix(":") && !$0.name.hasPrefix("grpc-") }.map {
      (name: $0.name, value: $0.value)
    }
    state = .receiving(
      method,
      CallContext(
        path: path, peer: connection.peer, deadline: limit.map { .now + .nanoseconds($0.nanoseconds) }, metadata: metadata))
  }

  /// Starts the handler when the one request message and the end of the stream are there.
  private func startIfComplete() {
    guard case .receiving(let method, let call) = state, let context else { return }
    do throws(GRPCStatus) {
      var rest = received
      guard let message = try MessageFraming.nextMessage(in: &rest, limit: messageLimit) else {
        if requestEnded { throw GRPCStatus(.internalError, "the request ended before its message") }
        return
      }
      guard rest.readableBytes == 0 else { throw GRPCStatus(.internalError, "the call takes one request message, more were sent") }
      guard requestEnded else { return }
      received = ByteBuffer()
      let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
      let sink = ResponseSink(
        handler: handler, eventLoop: context.eventLoop, allocator: context.channel.allocator, messageLimit: messageLimit)
      let eventLoop = context.eventLoop
      if method.isStreaming {
        let isKept = calls.add(ObjectIdentifier(self)) {
          eventLoop.execute { handler.value.finish(GRPCStatus(.unavailable, "the server is shutting down")) }
        }
        guard isKept else { throw ServerConnections.tooMany }
      }
      let task = Task {
        let result = await CallContext.$current.withValue(call) { () -> Result<ByteBuffer?, GRPCStatus> in
          do throws(GRPCStatus) { return .success(try await method.run(message, call, sink)) } catch { return .failure(error) }
        }
        eventLoop.execute { handler.value.complete(result) }
      }
      state = .running(task)
    } catch {
      finish(error)
    }
  }

  // MARK: Response

  private static let noRoom = GRPCStatus(.resourceExhausted, "the server holds too many messages: try again later")

  /// Writes a message; the future completes when it has left through flow control.
  private func write(_ message: ByteBuffer) -> EventLoopFuture<Void>? {
    guard let context, memory.take(message.readableBytes) else { return nil }
    let size = message.readableBytes
    let memory = self.memory
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.whenComplete { _ in memory.give(size) }
    context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(message)))), promise: promise)
    return promise.futureResult
  }

  /// The future completes when the message was written to the connection, fails when the call is over.
  func send(_ message: ByteBuffer) -> EventLoopFuture<Void> {
    guard case .running = state, let context else { return EventLoops.shared.any().makeFailedFuture(ChannelError.alreadyClosed) }
    sendHeaders()
    guard let written = write(message) else {
      finish(Self.noRoom)
      return context.eventLoop.makeFailedFuture(Self.noRoom)
    }
    context.flush()
    return written
  }

  private func complete(_ result: Result<ByteBuffer?, GRPCStatus>) {
    guard case .running = state else { return }
    switch result {
    case .success(let last):
      sendHeaders()
      if let last, write(last) == nil { return finish(Self.noRoom) }
      finish(GRPCStatus(.ok, ""))
    case .failure(let status):
      finish(status)
    }
  }

  private func sendHeaders() {
    guard !headersSent, let context else { return }
    headersSent = true
    let headers: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]
    context.write(wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
  }

  private func finish(_ status: GRPCStatus) {
    guard let context else { return }
    if case .finished = state { return }
    abandon()
    var trailers = HPACKHeaders()
    if !headersSent {
      trailers.add(name: ":status", value: "200")
      trailers.add(name: "content-type", value: "application/grpc")
    }
    trailers.add(name: "grpc-status", value: "\(status.code.rawValue)")
    if !status.message.isEmpty { trailers.add(name: "grpc-message", value: StatusMessage.encode(status.message)) }
    context.write(wrapOutboundOut(.headers(.init(headers: trailers, endStream: true))), promise: nil)
    // The client must not go on sending a request nobody reads (RFC 9113, 8.1).
    if !requestEnded { context.write(wrapOutboundOut(.rstStream(.noError)), promise: nil) }
    context.flush()
  }

  private func refuse(httpStatus: String, _ message: String) {
    guard let context else { return }
    abandon()
    let headers: HPACKHeaders = [
      ":status": httpStatus, "content-type": "application/grpc", "grpc-status": "\(GRPCStatus.Code.unknown.rawValue)",
      "grpc-message": StatusMessage.encode(message),
    ]
    context.write(wrapOutboundOut(.headers(.init(headers: headers, endStream: true))), promise: nil)
    if !requestEnded { context.write(wrapOutboundOut(.rstStream(.noError)), promise: nil) }
    context.flush()
  }

  /// The call is over for this side: cancels what still runs.
  private func abandon() {
    if case .running(let task) = state { task.cancel() }
    state = .finished
    received = ByteBuffer()
    memory.give(held)
    held = 0
    deadline?.cancel()
    deadline = nil
    calls.remove(ObjectIdentifier(self))
  }
}
