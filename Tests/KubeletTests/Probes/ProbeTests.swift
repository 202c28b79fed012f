import Foundation
import KubeModel
import NIOCore
import NIOPosix
import RuntimeAPI
import Testing

@testable import Kubelet

@Suite("Probes") struct ProbeTests {
  @Test("a verdict needs its threshold of equal results in a row")
  func thresholds() {
    var counter = ProbeCounter(successThreshold: 1, failureThreshold: 3)
    #expect(
      [.failure, .failure, .success, .failure, .failure, .failure].map { counter.add($0) } == [
        nil, nil, .success, nil, nil, .failure,
      ])
  }

  @Test("a request carries the probe's host, path and headers")
  func request() {
    let action = HTTPGetAction(
      port: 8080, httpHeaders: [HTTPHeader(name: "Host", value: "x.example"), HTTPHeader(name: "Accept", value: "")], path: "ready")
    let request = HTTPRequest(action, port: 8080, podIP: "10.0.0.9", agent: Prober.agent)
    #expect(request.target.host == "10.0.0.9" && request.target.path == "/ready")
    #expect(
      request.headers.map { "\($0.name): \($0.value)" } == ["Host: x.example", "User-Agent: kube-probe/1.36", "Connection: close"])
  }

  @Test(
    "only redirects on the same host are followed",
    arguments: [
      ("/other", true), ("http://10.0.0.9:8080/other", true), ("http://elsewhere/other", false), ("https://10.0.0.9:8443/", true),
      ("next?a", true),
      ("//elsewhere/", false),
    ])
  func redirects(location: String, isFollowed: Bool) {
    let request = HTTPRequest(HTTPGetAction(port: 8080), port: 8080, podIP: "10.0.0.9", agent: "x")
    #expect((request.redirected(to: location) != .elsewhere) == isFollowed)
  }

  @Test(
    "the answer's status decides", .timeLimit(.minutes(5)),
    arguments: [
      ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true), ("HTTP/1.1 399 X\r\nContent-Length: 0\r\n\r\n", true),
      ("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", false), ("garbage\r\n\r\n", false), ("", false),
      ("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 20_000), true),
    ])
  func statuses(answer: String, isHealthy: Bool) async throws {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answer(answer)) }
    }.bind(host: "127.0.0.1", port: 0).get()
    let request = HTTPRequest(
      HTTPGetAction(port: 1), port: server.localAddress?.port ?? 0, podIP: "127.0.0.1", agent: Prober.agent)
    let result = await HTTPProbeClient(group: MultiThreadedEventLoopGroup.singleton).probe(request, timeout: .seconds(200))
    switch result {
    case .success, .warning: #expect(isHealthy, "\(result)")
    default: #expect(!isHealthy, "\(result)")
    }
    try await server.close()
  }

  private final class Answer: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    let text: String
    init(_ text: String) { self.text = text }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
      if !text.contains("100000") { context.close(promise: nil) }
    }
  }

  @Test(
    "a named port is looked up, a bad one is an error",
    arguments: [
      (IntOrString.string("web"), Int?(8080)), (.int(99), 99), (.string("7"), 7), (.string("none"), nil), (.int(0), nil),
      (.int(70000), nil),
    ])
  func ports(port: IntOrString, number: Int?) {
    var container = Container.test("app")
    container.ports = [ContainerPort(containerPort: 8080, name: "web")]
    #expect(ProbePorts.resolve(port, container) == number)
  }
}
