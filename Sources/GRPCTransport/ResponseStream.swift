public import SwiftProtobuf

/// The messages of a server-streaming call; ends after an OK status, throws any other. Can be iterated once.
public struct ResponseStream<Response: Message>: AsyncSequence, Sendable {
  public typealias Element = Response
  public typealias Failure = GRPCStatus
  let call: ClientCall

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(call: call) }

  public struct AsyncIterator: AsyncIteratorProtocol {
    let call: ClientCall

    public mutating func next() async throws(GRPCStatus) -> Response? {
      guard let bytes = try await call.next() else { return nil }
      return try MessageFraming.decode(Response.self, from: bytes)
    }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws(GRPCStatus) -> Response? {
      guard let bytes = try await call.next() else { return nil }
      return try MessageFraming.decode(Response.self, from: bytes)
    }
  }
}
