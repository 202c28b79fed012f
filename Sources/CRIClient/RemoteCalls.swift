import GRPCTransport
import RuntimeAPI
import SwiftProtobuf

extension RuntimeError {
  /// Codes have the same numbers.
  init(_ status: GRPCStatus) {
    self.init(Code(rawValue: status.code.rawValue) ?? .unknown, status.message)
  }
}

extension GRPCClient {
  func call<Request: Message, Response: Message>(
    _ path: String, _ request: Request, timeout: Duration?
  ) async throws(RuntimeError) -> Response {
    do throws(GRPCStatus) { return try await unary(path, request, timeout: timeout) } catch { throw RuntimeError(error) }
  }

  func stream<Request: Message, Response: Message>(
    _ path: String, _ request: Request
  ) async throws(RuntimeError) -> ResponseStream<Response> {
    do throws(GRPCStatus) { return try await serverStreaming(path, request) } catch { throw RuntimeError(error) }
  }
}

extension RemoteRuntime {
  func runtimeCall<Request: Message, Response: Message>(
    _ method: String, _ request: Request, timeout: Duration? = nil
  ) async throws(RuntimeError) -> Response {
    try await client.call("/runtime.v1.RuntimeService/\(method)", request, timeout: timeout ?? self.timeout)
  }

  func imageCall<Request: Message, Response: Message>(_ method: String, _ request: Request) async throws(RuntimeError) -> Response {
    try await client.call("/runtime.v1.ImageService/\(method)", request, timeout: timeout)
  }
}
