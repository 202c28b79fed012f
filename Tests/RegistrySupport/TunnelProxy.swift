import NIOCore
import NIOPosix
import Synchronization

/// A proxy that knows CONNECT only, and leads every tunnel to one port of 127.0.0.1.
package final class TunnelProxy: Sendable {
  private static let group = MultiThreadedEventLoopGroup.singleton
  private let channel: any Channel
  private let heads: Heads

  package var port: Int { channel.localAddress?.port ?? 0 }
  /// The first lines and headers of what clients asked.
  package var seen: [String] { heads.all.withLock { $0 } }

  fileprivate final class Heads: Sendable { let all = Mutex<[String]>([]) }

  /// - Parameter refusal: answered instead of a tunnel.
  package static func with<R>(
    to port: Int, refusal: String? = nil, _ body: (TunnelProxy) async throws -> R
  ) async throws -> R {
    let heads = Heads()
    let channel = try await ServerBootstrap(group: group).childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(Entrance(port, refusal, heads))
      }
    }.bind(host: "127.0.0.1", port: 0).get()
    let proxy = TunnelProxy(channel, heads)
    do {
      let result = try await body(proxy)
      try? await channel.close().get()
      return result
    } catch {
      try? await channel.close().get()
      throw error
    }
  }

  private init(_ channel: any Channel, _ heads: Heads) { (self.channel, self.heads) = (channel, heads) }

  private final class Entrance: ChannelInboundHandler, @unchecked Sendable {
    // Touched on its event loop's thread only.
    typealias InboundIn = ByteBuffer
    private let port: Int
    private let refusal: String?
    private let heads: Heads
    private var head = ""
    private var other: (any Channel)?

    init(_ port: Int, _ refusal: String?, _ heads: Heads) { (self.port, self.refusal, self.heads) = (port, refusal, heads) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      if let other { return other.writeAndFlush(bytes, promise: nil) }
      head += String(buffer: bytes)
      guard head.hasSuffix("\r\n\r\n") else { return }
      heads.all.withLock { $0.append(head) }
      let channel = context.channel
      if let refusal {
        return channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 \(refusal)\r\n\r\n")).whenComplete { _ in
          channel.close(promise: nil)
        }
      }
      ClientBootstrap(group: context.eventLoop).channelInitializer { server in
        server.eventLoop.makeCompletedFuture { try server.pipeline.syncOperations.addHandler(Exit(channel)) }
      }.connect(host: "127.0.0.1", port: port).whenSuccess { server in
        self.other = server
        channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n"), promise: nil)
      }
    }

    func channelInactive(context: ChannelHandlerContext) { other?.close(promise: nil) }
  }

  private final class Exit: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    private let client: any Channel
    init(_ client: any Channel) { self.client = client }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { client.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }
  }
}
