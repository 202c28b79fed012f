import NIOCore
import NIOHTTP2

/// Closes a connection whose peer does not speak HTTP/2; an error of one stream leaves it alone.
final class ServerConnectionErrors: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if !(error is NIOHTTP2Errors.StreamError) { context.close(promise: nil) }
  }
}
