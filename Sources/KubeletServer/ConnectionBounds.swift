internal import NIOCore
internal import Synchronization

/// What clients may take of the agent: whoever reaches the port may connect.
struct ConnectionBounds: Sendable {
  /// Connections at a time.
  var count = 256
  /// How long a connection may be without a byte either way.
  var idle: Duration = .seconds(60)
}

/// How many connections are open.
final class ConnectionCount: Sendable {
  private let open = Mutex(0)

  /// False, and nothing is counted, when there are as many.
  func enter(limit: Int) -> Bool {
    open.withLock { open in
      if open >= limit { return false }
      open += 1
      return true
    }
  }

  func leave() { open.withLock { $0 -= 1 } }
}

/// Closes a connection on which nothing happens.
final class IdleConnections: ChannelInboundHandler {
  typealias InboundIn = NIOAny

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent {
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }
}
