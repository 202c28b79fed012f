package import NIOCore
package import NIOHTTP1
import NIOPosix
import Synchronization

/// A registry that says what a test wants, byte by byte, on a port of 127.0.0.1 of its own.
package final class ScriptedServer: Sendable {
  package struct Request: Sendable {
    package let method: String
    package let target: String
    package let headers: HTTPHeaders
    package let body: String
    /// Which request this is, from 0.
    package let number: Int

    package var path: String { String(target.prefix { $0 != "?" }) }
  }

  /// What goes back. Without `Content-Length` the end of the connection is the end of the body.
  package struct Answer: Sendable {
    package var status = "200 OK"
    package var headers: [(String, String)] = []
    package var body: [UInt8] = []
    /// Said instead of the body's own length.
    package var length: Int?
    /// The connection ends after the body.
    package var closes = false
    /// The body is sent again and again.
    package var isEndless = false
    /// Nothing more comes, and the connection stays.
    package var hangs = false
    /// The rest of the body comes in small pieces, one in so much time.
    package var drips: Duration?

    package init(
      status: String = "200 OK", headers: [(String, String)] = [], body: [UInt8] = [], length: Int? = nil, closes: Bool = false,
      isEndless: Bool = false, hangs: Bool = false, drips: Duration? = nil
    ) {
      (self.status, self.headers, self.body, self.length) = (status, headers, body, length)
      (self.closes, self.isEndless, self.hangs, self.drips) = (closes, isEndless, hangs, drips)
    }

    package static func json(_ text: String, status: String = "200 OK", _ headers: [(String, String)] = []) -> Answer {
      Answer(status: status, headers: [("Content-Type", "application/json")] + headers, body: Array(text.utf8))
    }
  }

  private static let group = MultiThreadedEventLoopGroup.singleton
  package let channel: any Channel
  private let requests = Mutex<[Request]>([])
  private let connections = Mutex<(now: Int, most: Int)>((0, 0))

  package var port: Int { channel.localAddress?.port ?? 0 }
  package var registry: String { "127.0.0.1:\(port)" }
  package var seen: [Request] { requests.withLock { $0 } }
  package var openConnections: Int { connections.withLock { $0.now } }

  /// Runs a test with a server.
  package static func with<R>(
    _ answer: @escaping @Sendable (Request) -> Answer, _ body: (ScriptedServer) async throws -> R
  ) async throws -> R {
    let inbox = Mutex<ScriptedServer?>(nil)
    let box = Box(inbox)
    let channel = try await ServerBootstrap(group: group).childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
        try channel.pipeline.syncOperations.addHandler(Handler(box, answer))
      }
    }.childChannelOption(.maxMessagesPerRead, value: 1).bind(host: "127.0.0.1", port: 0).get()
    let server = ScriptedServer(channel)
    box.server.withLock { $0 = server }
    do {
      let result = try await body(server)
      try? await channel.close().get()
      return result
    } catch {
      try? await channel.close().get()
      throw error
    }
  }

  private init(_ channel: any Channel) { self.channel = channel }

  private final class Box: Sendable {
    let server: Mutex<ScriptedServer?>
    init(_ server: consuming Mutex<ScriptedServer?>) { self.server = server }
  }

  private final class Handler: ChannelInboundHandler, @unchecked Sendable {
    // Touched on its event loop's thread only.
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer
    private let box: Box
    private let answer: @Sendable (Request) -> Answer
    private var head: HTTPRequestHead?
    private var body = ""
    private var isEndless = false

    init(_ box: Box, _ answer: @escaping @Sendable (Request) -> Answer) { (self.box, self.answer) = (box, answer) }

    private var server: ScriptedServer? { box.server.withLock { $0 } }

    func channelActive(context: ChannelHandlerContext) {
      server?.connections.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
    }
    func channelInactive(context: ChannelHandlerContext) {
      isEndless = false
      server?.connections.withLock { $0.now -= 1 }
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): (self.head, body) = (head, "")
      case .body(let bytes): body += String(buffer: bytes)
      case .end:
        guard let head, let server else { return }
        let request = server.requests.withLock { requests in
          let request = Request(
            method: head.method.rawValue, target: head.uri, headers: head.headers, body: body, number: requests.count)
          requests.append(request)
          return request
        }
        send(answer(request), context)
      }
    }

    private func send(_ answer: Answer, _ context: ChannelHandlerContext) {
      var text = "HTTP/1.1 \(answer.status)\r\n"
      for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
      if !answer.isEndless, !answer.closes || answer.length != nil {
        text += "Content-Length: \(answer.length ?? answer.body.count)\r\n"
      }
      context.write(wrapOutboundOut(ByteBuffer(string: text + "\r\n")), promise: nil)
      if let pause = answer.drips {
        context.flush()
        isEndless = true
        return drip(ByteBuffer(bytes: answer.body), TimeAmount(pause), context.channel)
      }
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer.body)), promise: nil)
      if answer.isEndless {
        isEndless = true
        more(answer.body, context.channel)
      } else if answer.closes {
        context.close(promise: nil)
      }
    }

    private func drip(_ body: ByteBuffer, _ pause: TimeAmount, _ channel: any Channel) {
      var body = body
      guard isEndless, let part = body.readSlice(length: min(16, body.readableBytes)), part.readableBytes > 0 else { return }
      channel.writeAndFlush(part, promise: nil)
      channel.eventLoop.scheduleTask(in: pause) { [body] in self.drip(body, pause, channel) }
    }

    private func more(_ body: [UInt8], _ channel: any Channel) {
      guard isEndless else { return }
      channel.writeAndFlush(ByteBuffer(bytes: body)).whenSuccess { self.more(body, channel) }
    }
  }
}
