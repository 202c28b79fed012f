import NIOCore
import NIOHPACK
import NIOHTTP2
public import SwiftProtobuf

/// Calls a gRPC server on a unix socket. Connects with the first call and again with the first call after the connection broke;
/// all calls share one connection.
public struct GRPCClient: Sendable {
  public struct Configuration: Sendable {
    public var socketPath: String
    public var connectTimeout: Duration
    public var maximumMessageBytes: Int
    public var userAgent: String

    public init(
      socketPath: String, connectTimeout: Duration = .seconds(5), maximumMessageBytes: Int = defaultMaximumMessageBytes,
      userAgent: String = "swiftlet"
    ) {
      self.socketPath = socketPath
      self.connectTimeout = connectTimeout
      self.maximumMessageBytes = maximumMessageBytes
      self.userAgent = userAgent
    }
  }

  private let configuration: Configuration
  private let connector: ClientConnector

  public init(configuration: Configuration) {
    self.configuration = configuration
    self.connector = ClientConnector(configuration: configuration)
  }

  /// Closes the connection; calls under way fail with `.unavailable`, a later call connects again.
  public func close() async { await connector.close() }

  /// - Parameter timeout: sent to the server as the call's deadline and enforced here too; nil: none.
  /// - Throws: the server's status; `.unavailable` when there is no connection, `.deadlineExceeded`, `.cancelled` when the task is.
  public func unary<Request: Message, Response: Message>(
    _ path: String, _ request: Request, returning: Response.Type = Response.self, timeout: Duration? = nil,
    metadata: [(name: String, value: String)] = []
  ) async throws(GRPCStatus) -> Response {
    let call = try await open(path, request, timeout: timeout, metadata: metadata, onDemand: false)
    return try await MessageFraming.decode(Response.self, from: call.onlyMessage())
  }

  /// The messages are read as the consumer asks for them. Stopping to iterate and dropping the sequence resets the call.
  public func serverStreaming<Request: Message, Response: Message>(
    _ path: String, _ request: Request, returning: Response.Type = Response.self, timeout: Duration? = nil,
    metadata: [(name: String, value: String)] = []
  ) async throws(GRPCStatus) -> ResponseStream<Response> {
    ResponseStream(call: try await open(path, request, timeout: timeout, metadata: metadata, onDemand: true))
  }

  private func open(
    _ path: String, _ request: some Message, timeout: Duration?, metadata: [(name: String, value: String)], onDemand: Bool
  ) async throws(GRPCStatus) -> ClientCall {
    let limit = configuration.maximumMessageBytes
    // A command's own timeout may be the longest that 64 bits of seconds can say; a Duration of more of them has no components.
    let timeout = timeout.map { min($0, CallTimeout.longest) }
    let body = try MessageFraming.encode(request, limit: limit, allocator: ByteBufferAllocator())
    let deadline = timeout.map { NIODeadline.now() + TimeAmount($0) }
    var headers: HPACKHeaders = [
      ":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost", "content-type": "application/grpc",
      "te": "trailers", "user-agent": configuration.userAgent,
    ]
    if let timeout { headers.add(name: "grpc-timeout", value: CallTimeout.encode(TimeAmount(timeout))) }
    for entry in metadata { headers.add(name: entry.name.lowercased(), value: entry.value) }
    // A connection may be closing just when it is taken: nothing was sent then, so the call may go to a new one, once.
    var retried = false
    while true {
      if Task.isCancelled { throw GRPCStatus(.cancelled, "the call was cancelled") }
      let connection = try await connector.connection(deadline: deadline)
      let frozen = headers
      do {
        return try await connection.open { channel in
          ClientCallHandler(
            channel: channel, headers: frozen, body: body, deadline: deadline, messageLimit: limit, onDemand: onDemand,
            peer: connection.path)
        }
      } catch {
        await connector.discard(connection)
        if retried { throw GRPCStatus(.unavailable, "cannot open a stream to \(configuration.socketPath): \(error)") }
        retried = true
      }
    }
  }
}
