internal import NIOCore

/// Asks a proxy for a tunnel; what comes after its answer is the other side's. Source: RFC 9110, section 9.3.6.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Largest head of an answer, bytes.
  private static let limit = 16 << 10

  private let url: RegistryURL
  private let proxy: ProxySettings.Proxy
  private let opened: EventLoopPromise<Void>
  private var answer: [UInt8] = []

  /// - Parameter opened: kept when the tunnel is there, or why it is not.
  init(to url: RegistryURL, through proxy: ProxySettings.Proxy, _ opened: EventLoopPromise<Void>) {
    (self.url, self.proxy, self.opened) = (url, proxy, opened)
  }

  func channelActive(context: ChannelHandlerContext) {
    let place = "\(url.host.contains(":") ? "[\(url.host)]" : url.host):\(url.port)"
    var request = "CONNECT \(place) HTTP/1.1\r\nHost: \(place)\r\nUser-Agent: swiftlet\r\n"
    if let authorization = proxy.authorization { request += "Proxy-Authorization: \(authorization)\r\n" }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request + "\r\n")), promise: nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    answer += unwrapInboundIn(data).readableBytesView
    guard let end = answer.firstRange(of: [13, 10, 13, 10]) else {
      if answer.count > Self.limit { fail("its answer has no end", context) }
      return
    }
    let line = String(decoding: answer.prefix { $0 != 13 }, as: UTF8.self)
    guard line.hasPrefix("HTTP/1."), line.dropFirst(9).hasPrefix("2") else {
      return fail("it answers '\(printable(line, limit: 100))'", context)
    }
    // The other side does not speak first.
    guard end.upperBound == answer.endIndex else { return fail("it sends more than its answer", context) }
    opened.succeed()
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail("it closed the connection", context)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    opened.fail(error)
    context.close(promise: nil)
  }

  private func fail(_ why: String, _ context: ChannelHandlerContext) {
    opened.fail(HTTPFailure(kind: .transport, description: "no tunnel through proxy \(proxy.url.authority): \(why)"))
    context.close(promise: nil)
  }
}
