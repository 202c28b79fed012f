internal import NIOCore

/// The server speaks HTTP where TLS was asked for. Source: Go's net/http, `server gave HTTP response to HTTPS client`.
struct PlainAnswer: Error {}

/// Stands before TLS and knows an HTTP answer by its first bytes, which TLS would call a wrong version.
final class PlainAnswerDetector: ChannelInboundHandler, RemovableChannelHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  private static let beginning = Array("HTTP/".utf8)

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if unwrapInboundIn(data).readableBytesView.starts(with: Self.beginning) {
      context.fireErrorCaught(PlainAnswer())
      context.close(promise: nil)
      return
    }
    context.fireChannelRead(data)
    // The first bytes decide.
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }
}
