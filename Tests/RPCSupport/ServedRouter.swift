package import GRPCTransport
import SwiftProtobuf

extension GRPCRouter {
  /// One that answers a text with itself.
  package static func echo(_ path: String) -> GRPCRouter {
    var router = GRPCRouter()
    router.unary(path) { (request: Google_Protobuf_StringValue, _) async throws(GRPCStatus) in request }
    return router
  }

  /// Serves it while `body` runs, on the socket that `body` gets. Returns when the server has ended.
  package func served(
    at path: String = "/tmp/swiftlet-rpc-\(UInt64.random(in: 0...UInt64.max)).sock",
    with change: (inout GRPCServer.Configuration) -> Void = { _ in }, _ body: (String) async throws -> Void
  ) async throws {
    var configuration = GRPCServer.Configuration(socketPath: path, mode: 0o600)
    change(&configuration)
    let server = GRPCServer(configuration: configuration, router: self)
    let (ready, listening) = AsyncStream.makeStream(of: Void.self)
    let serving = Task {
      defer { listening.finish() }
      try await server.run { listening.yield() }
    }
    for await _ in ready { break }
    let result: Result<Void, any Error>
    do { result = .success(try await body(path)) } catch { result = .failure(error) }
    serving.cancel()
    try await serving.value
    try result.get()
  }
}
