import GRPCTransport
import Logging
import RuntimeAPI
import SwiftProtobuf

/// Puts handlers that know no gRPC into a router: maps their errors and traces each call.
struct Registration {
  private let service: String
  private let logger: Logger

  init(service: String, logger: Logger) {
    self.service = service
    self.logger = logger
  }

  func unary<Request: Message, Response: Message>(
    _ router: inout GRPCRouter, _ method: String,
    _ handler: @escaping @Sendable (Request) async throws(RuntimeError) -> Response
  ) {
    let trace = CallTrace(method: method, logger: logger)
    router.unary("/\(service)/\(method)") { (request: Request, _) async throws(GRPCStatus) -> Response in
      let start = ContinuousClock.now
      do throws(RuntimeError) {
        let response = try await handler(request)
        trace.ended(since: start)
        return response
      } catch {
        trace.failed(error, since: start)
        throw GRPCStatus(error)
      }
    }
  }

  func streaming<Request: Message, Response: Message>(
    _ router: inout GRPCRouter, _ method: String,
    _ handler: @escaping @Sendable (Request, ResponseStreamWriter<Response>) async throws(RuntimeError) -> Void
  ) {
    let trace = CallTrace(method: method, logger: logger)
    router.serverStreaming("/\(service)/\(method)") { (request: Request, _, writer) async throws(GRPCStatus) in
      let start = ContinuousClock.now
      do throws(RuntimeError) {
        try await handler(request, ResponseStreamWriter(writer: writer))
        trace.ended(since: start)
      } catch {
        trace.failed(error, since: start)
        throw GRPCStatus(error)
      }
    }
  }

  /// A method of the interface that this server does not have.
  func unimplemented(_ router: inout GRPCRouter, _ method: String, _ sentence: String) {
    router.unary("/\(service)/\(method)") { (_: Google_Protobuf_Empty, _) async throws(GRPCStatus) -> Google_Protobuf_Empty in
      throw GRPCStatus(.unimplemented, sentence)
    }
  }
}

/// Where streaming handlers put messages; a failure means that the client is gone.
struct ResponseStreamWriter<Response: Message>: Sendable {
  let writer: ResponseWriter<Response>

  func send(_ response: Response) async throws(RuntimeError) {
    do throws(GRPCStatus) { try await writer.send(response) } catch {
      throw RuntimeError(RuntimeError.Code(rawValue: error.code.rawValue) ?? .unknown, error.message)
    }
  }

  /// In messages of at most `size` elements; nothing for none.
  func send<Element>(batchesOf elements: [Element], size: Int = 500, _ make: ([Element]) -> Response) async throws(RuntimeError) {
    var start = 0
    while start < elements.count {
      let end = min(start + size, elements.count)
      try await send(make(Array(elements[start..<end])))
      start = end
    }
  }
}

/// One debug line per call. Requests are never logged: they carry environments and credentials.
private struct CallTrace: Sendable {
  let method: String
  let logger: Logger

  func ended(since start: ContinuousClock.Instant) {
    logger.debug("CRI call", metadata: ["cri.method": "\(method)", "duration": "\(ContinuousClock.now - start)"])
  }

  func failed(_ error: RuntimeError, since start: ContinuousClock.Instant) {
    logger.debug(
      "CRI call failed",
      metadata: [
        "cri.method": "\(method)", "duration": "\(ContinuousClock.now - start)", "code": "\(error.code)", "error": "\(error)",
      ])
  }
}
