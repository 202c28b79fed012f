internal import KubeModel
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// One GET on a new connection, which is closed afterwards. The event loops belong to the caller.
struct HTTPProbeClient: Sendable {
  /// Bytes of a body that are kept.
  static let bodyLimit = 10 * 1024
  static let maxRedirects = 10
  let group: any EventLoopGroup

  struct Response: Sendable {
    var status: Int
    var location: String?
    var body: String
  }

  /// 200-399 is healthy. Redirects on the same host are followed. Source: kubelet probe/http `DoHTTPProbe`.
  func probe(_ request: HTTPRequest, timeout: Duration) async -> ProbeResult {
    var request = request
    let clock = ContinuousClock()
    let end = clock.now + timeout
    for _ in 0..<Self.maxRedirects {
      let response: Response
      do {
        response = try await get(request, timeout: max(.milliseconds(1), clock.now.duration(to: end)))
      } catch {
        return .failure("Get \"\(request.target.description)\": \(ProbeDial.words(error))")
      }
      guard (200..<400).contains(response.status) else {
        return .failure("HTTP probe failed with statuscode: \(response.status)")
      }
      if response.status < 300 { return .success(response.body) }
      let stopped = ProbeResult.warning("Probe terminated redirects, Response body: \(response.body)")
      guard [301, 302, 303, 307, 308].contains(response.status), let location = response.location else { return stopped }
      switch request.redirected(to: location) {
      case .follow(let next): request = next
      case .elsewhere: return stopped
      case .invalid: return .failure("failed to parse Location header \"\(location.clipped(to: 128))\"")
      }
    }
    return .failure("Get \"\(request.target.description)\": stopped after \(Self.maxRedirects) redirects")
  }

  /// - Parameter timeout: for all of it, from the connection to the end of the answer.
  func get(_ request: HTTPRequest, timeout: Duration) async throws -> Response {
    let amount = TimeAmount(timeout)
    let deadline = NIODeadline.now() + amount
    let target = request.target
    let loop = group.next()
    let promise = loop.makePromise(of: Response.self)
    let collector = Collector(promise: promise)
    let channel: any Channel
    do {
      channel = try await ProbeDial.open(target.host, target.port, group: loop, timeout: amount) { channel in
        if target.isTLS {
          try channel.pipeline.syncOperations.addHandler(PlainAnswerDetector())
          try channel.pipeline.syncOperations.addHandler(try ProbeTLS.handler(host: target.host))
        }
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        try channel.pipeline.syncOperations.addHandler(collector)
      }
    } catch {
      promise.fail(error)
      _ = try? await promise.futureResult.get()
      throw error
    }
    let timer = loop.scheduleTask(deadline: deadline) { collector.fail(ProbeTimeout()) }
    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target.path)
    for (name, value) in request.headers { head.headers.add(name: name, value: value) }
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    defer {
      timer.cancel()
      channel.close(promise: nil)
    }
    return try await withTaskCancellationHandler {
      try await promise.futureResult.get()
    } onCancel: {
      loop.execute { collector.fail(CancellationError()) }
    }
  }

  struct ProbeTimeout: Error, CustomStringConvertible {
    var description: String { "context deadline exceeded (Client.Timeout exceeded while awaiting headers)" }
  }

  private struct Closed: Error, CustomStringConvertible { var description: String { "EOF" } }

  /// Handlers run on one event loop only; `promise` is completed at most once there (later completions are ignored by `isDone`).
  private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = HTTPClientResponsePart
    private let promise: EventLoopPromise<Response>
    private let state: NIOLoopBoundBox<(response: Response, isDone: Bool)>

    init(promise: EventLoopPromise<Response>) {
      self.promise = promise
      state = NIOLoopBoundBox.makeBoxSendingValue(
        (Response(status: 0, location: nil, body: ""), false), eventLoop: promise.futureResult.eventLoop)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        state.value.response.status = Int(head.status.code)
        state.value.response.location = head.headers.first(name: "Location")
      case .body(var bytes):
        let room = HTTPProbeClient.bodyLimit - state.value.response.body.utf8.count
        if room > 0 { state.value.response.body += bytes.readString(length: min(room, bytes.readableBytes)) ?? "" }
        // A body without end must not keep the probe: what counts is here.
        if state.value.response.body.utf8.count >= HTTPProbeClient.bodyLimit { finish(.success(state.value.response)) }
      case .end: finish(.success(state.value.response))
      }
    }

    func channelInactive(context: ChannelHandlerContext) { finish(.failure(Closed())) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      finish(.failure(error))
      context.close(promise: nil)
    }

    func fail(_ error: any Error) { finish(.failure(error)) }

    private func finish(_ result: Result<Response, any Error>) {
      if state.value.isDone { return }
      state.value.isDone = true
      promise.completeWith(result)
    }
  }
}
