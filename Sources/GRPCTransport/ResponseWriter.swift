import NIOCore
public import SwiftProtobuf

/// Where a streaming handler puts its messages.
public struct ResponseWriter<Response: Message>: Sendable {
  let sink: ResponseSink

  /// Returns when the message has left through flow control, so a slow reader slows the handler, not the memory.
  /// - Throws: `.cancelled` when the client is gone.
  public func send(_ response: Response) async throws(GRPCStatus) {
    try await sink.send(MessageFraming.encode(response, limit: sink.messageLimit, allocator: sink.allocator))
  }
}

/// The way from a handler's task to its stream on the event loop.
struct ResponseSink: Sendable {
  let handler: NIOLoopBound<ServerCallHandler>
  let eventLoop: any EventLoop
  let allocator: ByteBufferAllocator
  let messageLimit: Int

  func send(_ message: ByteBuffer) async throws(GRPCStatus) {
    let handler = self.handler
    do {
      try await eventLoop.flatSubmit { handler.value.send(message) }.get()
    } catch {
      throw GRPCStatus(.cancelled, "the client ended the call")
    }
  }
}
