import NIOCore

/// A call as its task sees it. Dropping the last reference resets a call that has not ended.
final class ClientCall: Sendable {
  private let channel: any Channel
  private let handler: NIOLoopBound<ClientCallHandler>

  init(channel: any Channel, handler: NIOLoopBound<ClientCallHandler>) {
    self.channel = channel
    self.handler = handler
  }

  deinit {
    let handler = self.handler
    channel.eventLoop.execute { handler.value.abort(GRPCStatus(.cancelled, "the call was dropped")) }
  }

  /// nil after the last message.
  func next() async throws(GRPCStatus) -> ByteBuffer? {
    let handler = self.handler
    let eventLoop = channel.eventLoop
    do {
      return try await withTaskCancellationHandler {
        try await eventLoop.flatSubmit { handler.value.next() }.get()
      } onCancel: {
        eventLoop.execute { handler.value.abort(GRPCStatus(.cancelled, "the call was cancelled")) }
      }
    } catch let status as GRPCStatus {
      throw status
    } catch {
      throw GRPCStatus(.unavailable, "\(error)")
    }
  }

  /// The message of a unary call, after its good status.
  func onlyMessage() async throws(GRPCStatus) -> ByteBuffer {
    guard let message = try await next() else { throw GRPCStatus(.internalError, "the server sent no message") }
    guard try await next() == nil else { throw GRPCStatus(.internalError, "the server sent more than one message") }
    return message
  }
}
