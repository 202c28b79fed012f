import Foundation
import KubeModel
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import KubeletServer

@Suite("The kubelet's HTTP endpoints") struct KubeletHTTPServerTests {
  let router = HTTPRouter(
    routes: HealthRoutes.routes() + PodRoutes.routes { PodList(items: [Pod(metadata: ObjectMeta(name: "web"))]) })

  @Test(
    "a request gets the status its path and method deserve",
    arguments: [
      ("GET", "/healthz", 200), ("HEAD", "/healthz", 200), ("GET", "/healthz/", 200), ("GET", "/healthz?verbose=1", 200),
      ("GET", "/healthz/ping", 200), ("GET", "/healthz/syncloop", 200), ("GET", "/pods", 200), ("POST", "/pods", 405),
      ("GET", "/", 404),
      ("GET", "/podsx", 404),
    ])
  func statuses(method: String, uri: String, status: Int) async {
    #expect(await router.answer(method: method, uri: uri).status == status)
  }

  @Test("/pods is a v1 PodList")
  func pods() async throws {
    let answer = await router.answer(method: "GET", uri: "/pods")
    let list = try JSONDecoder().decode(PodList.self, from: Data(answer.body))
    #expect(list.kind == "PodList" && list.apiVersion == "v1" && list.items.map(\.metadata.name) == ["web"])
  }

  @Test("an unhealthy kubelet answers 500 with the reason")
  func unhealthy() async {
    let router = HTTPRouter(routes: HealthRoutes.routes { "stuck" })
    let answer = await router.answer(method: "GET", uri: "/healthz")
    #expect(answer.status == 500)
    #expect(String(decoding: answer.body, as: UTF8.self).contains("stuck"))
  }

  @Test("serves over TCP until it is cancelled", .timeLimit(.minutes(5)))
  func serves() async throws {
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    let server = KubeletHTTPServer(
      address: "127.0.0.1", port: 0, routes: HealthRoutes.routes(), group: MultiThreadedEventLoopGroup.singleton
    ) { found.yield($0) }
    let task = Task { try await server.run() }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    let text = try await ask(port, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(text.hasPrefix("HTTP/1.1 200") && text.hasSuffix("ok"))
    let head = try await ask(port, "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(head.hasPrefix("HTTP/1.1 200") && head.hasSuffix("\r\n\r\n"))
    task.cancel()
    _ = await task.result
  }

  private func withServer(_ bounds: ConnectionBounds, _ body: (Int) async throws -> Void) async throws {
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    var server = KubeletHTTPServer(
      address: "127.0.0.1", port: 0, routes: HealthRoutes.routes(), group: MultiThreadedEventLoopGroup.singleton
    ) { found.yield($0) }
    server.bounds = bounds
    let task = Task { [server] in try await server.run() }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    try await body(port)
    task.cancel()
    _ = await task.result
  }

  private static let whole = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
  private static let half = "GET /healthz HTTP/1.1\r\n"

  @Test("connections are bounded in number", .timeLimit(.minutes(5)))
  func bounds() async throws {
    try await withServer(ConnectionBounds(count: 2, idle: .seconds(86_400))) { port in
      let two = [try await served(port), try await served(port)]
      let third = (try? await ask(port, Self.whole)) ?? ""
      #expect(third.isEmpty)
      for channel in two { try await channel.close() }
      #expect(await eventually { (try? await ask(port, Self.whole))?.hasPrefix("HTTP/1.1 200") == true })
    }
  }

  @Test("connections are closed when nothing happens on them, and make room", .timeLimit(.minutes(5)))
  func idle() async throws {
    try await withServer(ConnectionBounds(count: 2, idle: .seconds(1))) { port in
      // They end though they never end their request.
      async let first = ask(port, Self.half)
      async let second = ask(port, Self.half)
      let ended = (try? await (first, second)) ?? ("", "")
      #expect(ended == ("", ""))
      #expect(await eventually { (try? await ask(port, Self.whole))?.hasPrefix("HTTP/1.1 200") == true })
    }
  }

  @Test("a port that is taken is named in the error", .timeLimit(.minutes(5)))
  func portTaken() async throws {
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    let group = MultiThreadedEventLoopGroup.singleton
    let first = KubeletHTTPServer(address: "127.0.0.1", port: 0, routes: [], group: group) { found.yield($0) }
    let task = Task { try await first.run() }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    let error = await #expect(throws: ListenError.self) {
      try await KubeletHTTPServer(address: "127.0.0.1", port: port, routes: [], group: group).run()
    }
    #expect(error?.description.contains("127.0.0.1:\(port)") == true)
    task.cancel()
    _ = await task.result
  }

  /// A connection that has got an answer and stays.
  private func served(_ port: Int) async throws -> any Channel {
    let group = MultiThreadedEventLoopGroup.singleton
    let answered = group.any().makePromise(of: Void.self)
    let channel = try await ClientBootstrap(group: group).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(FirstAnswer(answered)) }
    }.connect(host: "127.0.0.1", port: port).get()
    try await channel.writeAndFlush(ByteBuffer(string: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")).get()
    try await answered.futureResult.get()
    return channel
  }

  private final class FirstAnswer: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let answered: EventLoopPromise<Void>
    init(_ answered: EventLoopPromise<Void>) { self.answered = answered }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { answered.succeed() }
    func channelInactive(context: ChannelHandlerContext) { answered.fail(ChannelError.eof) }
  }

  private func ask(_ port: Int, _ request: String) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) {
      channel in
      channel.eventLoop.makeCompletedFuture {
        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
      }
    }
    return try await channel.executeThenClose { input, output in
      try await output.write(ByteBuffer(string: request))
      var text = ""
      for try await bytes in input { text += String(buffer: bytes) }
      return text
    }
  }
}
