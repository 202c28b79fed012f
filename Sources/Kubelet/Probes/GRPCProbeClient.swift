internal import NIOCore
internal import NIOHTTP2

/// One `grpc.health.v1.Health/Check` on a new connection without TLS. Source: kubelet probe/grpc, the gRPC health checking protocol.
struct GRPCProbeClient: Sendable {
  let group: any EventLoopGroup

  /// Only SERVING is healthy. - Parameter service: empty: the server as a whole.
  func probe(_ host: String, _ port: Int, service: String, timeout: Duration) async -> ProbeResult {
    let amount = TimeAmount(timeout)
    let deadline = NIODeadline.now() + amount
    let authority = RequestTarget(isTLS: false, host: host, port: port, path: "").authority
    let loop = group.next()
    let streams = loop.makePromise(of: NIOHTTP2Handler.StreamMultiplexer.self)
    let channel: any Channel
    do {
      channel = try await ProbeDial.open(host, port, group: loop, timeout: amount) { channel in
        streams.succeed(
          try channel.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .client, connectionConfiguration: .init(), streamConfiguration: .init()
          ) { inbound in inbound.close() })
      }
    } catch {
      streams.fail(error)
      if case ChannelError.connectTimeout = error {
        return .failure("timeout: failed to connect service \"\(authority)\" within \(timeout)")
      }
      return .failure("error: failed to connect service at \"\(authority)\": \(ProbeDial.words(error))")
    }
    defer { channel.close(promise: nil) }
    do {
      let call = HealthCheckCall(authority: authority, service: service, answer: loop.makePromise())
      let timer = loop.scheduleTask(deadline: deadline) { call.fail(.deadline) }
      defer { timer.cancel() }
      channel.closeFuture.whenComplete { _ in call.fail(.broken("the connection was closed")) }
      try await streams.futureResult.get().createStreamChannel(promise: nil) { stream in
        stream.eventLoop.makeCompletedFuture { try stream.pipeline.syncOperations.addHandler(call) }
      }
      return try await withTaskCancellationHandler {
        Self.judge(try await call.answer.futureResult.get(), timeout: timeout)
      } onCancel: {
        loop.execute { call.fail(.broken("operation was canceled")) }
      }
    } catch {
      return .failure("error: health rpc probe failed: \(ProbeDial.words(error))")
    }
  }

  static func judge(_ answer: HealthCheckCall.Answer, timeout: Duration) -> ProbeResult {
    switch answer {
    case .status(1): .success("service healthy")
    case .status(let number):
      .failure("service unhealthy (responded with \"\(["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"][min(number, 3)])\")")
    case .refused(12, let message):
      .failure("error: this server does not implement the grpc health protocol (grpc.health.v1.Health): \(message)")
    case .refused(4, _), .deadline: .failure("timeout: health rpc did not complete within \(timeout)")
    case .refused(let code, let message): .failure("error: health rpc probe failed: code \(code): \(message)")
    case .broken(let reason): .failure("error: health rpc probe failed: \(reason)")
    }
  }
}
