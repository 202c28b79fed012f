import NIOCore

/// Another protocol's bytes in the binary messages of a WebSocket: where a message ends means nothing.
/// Source: k8s.io/apimachinery, pkg/util/portforward/constants.go (SPDY/3.1+portforward.k8s.io).
final class WebSocketTunnel: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var parser = WebSocketFrameParser()
  private var isOver = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isOver { return }
    parser.append(unwrapInboundIn(data))
    do throws(StreamProtocolError) {
      while !isOver, let frame = try parser.next() { handle(frame, context) }
    } catch {
      isOver = true
      write(.close(.protocolError), context)
      context.close(promise: nil)
    }
  }

  private func handle(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
    switch frame.kind {
    case .binary, .text, .continuation:
      if frame.payload.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(frame.payload)) }
    // A client that reads nothing is not kept answers for.
    case .ping: if context.channel.isWritable { write(WebSocketFrame(kind: .pong, payload: frame.payload), context) }
    case .pong: break
    case .close:
      isOver = true
      write(.close(.normal), context)
      context.close(promise: nil)
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let bytes = unwrapOutboundIn(data)
    context.write(wrapOutboundOut(WebSocketFrame.head(.binary, count: bytes.readableBytes)), promise: nil)
    context.write(data, promise: promise)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output, !isOver { write(.close(.normal), context) }
    context.close(mode: mode, promise: promise)
  }

  private func write(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(WebSocketFrame.head(frame.kind, count: frame.payload.readableBytes)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(frame.payload), promise: nil)
  }
}
