import NIOCore
public import SwiftProtobuf

/// The methods a server has, by path.
public struct GRPCRouter: Sendable {
  /// Runs one call; a returned buffer is the last message and goes out together with the trailers.
  typealias Run = @Sendable (ByteBuffer, CallContext, ResponseSink) async throws(GRPCStatus) -> ByteBuffer?

  struct Method: Sendable {
    /// A streaming call may last for ever, so a server that shuts down ends it instead of waiting.
    let isStreaming: Bool
    let run: Run
  }

  private var methods: [String: Method] = [:]

  public init() {}

  /// - Parameter path: `/package.Service/Method`.
  public mutating func unary<Request: Message, Response: Message>(
    _ path: String,
    _ handler: @escaping @Sendable (Request, CallContext) async throws(GRPCStatus) -> Response
  ) {
    methods[path] = Method(isStreaming: false) { (bytes, context, sink) async throws(GRPCStatus) -> ByteBuffer? in
      let request = try MessageFraming.decode(Request.self, from: bytes)
      let response = try await handler(request, context)
      return try MessageFraming.encode(response, limit: sink.messageLimit, allocator: sink.allocator)
    }
  }

  /// The call ends when the handler returns or throws.
  public mutating func serverStreaming<Request: Message, Response: Message>(
    _ path: String,
    _ handler: @escaping @Sendable (Request, CallContext, ResponseWriter<Response>) async throws(GRPCStatus) -> Void
  ) {
    methods[path] = Method(isStreaming: true) { (bytes, context, sink) async throws(GRPCStatus) -> ByteBuffer? in
      let request = try MessageFraming.decode(Request.self, from: bytes)
      try await handler(request, context, ResponseWriter(sink: sink))
      return nil
    }
  }

  /// Every path, sorted.
  public var paths: [String] { methods.keys.sorted() }

  func method(at path: String) -> Method? { methods[path] }

  /// UNIMPLEMENTED in the words grpc-go uses.
  func missing(_ path: String) -> GRPCStatus {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].isEmpty else { return GRPCStatus(.unimplemented, "malformed method name: \"\(path)\"") }
    let known = methods.keys.contains { $0.hasPrefix("/\(parts[1])/") }
    return GRPCStatus(
      .unimplemented, known ? "unknown method \(parts[2]) for service \(parts[1])" : "unknown service \(parts[1])")
  }
}
