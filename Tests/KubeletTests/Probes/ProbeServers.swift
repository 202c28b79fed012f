import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization

/// Servers that probes meet, on a port of 127.0.0.1 of their own.
enum ProbeServers {
  static let group = MultiThreadedEventLoopGroup.singleton

  /// An HTTP/1.1 server, with TLS if it is told which versions it speaks. `answer` has the path and the Host header.
  static func http(
    tls: ClosedRange<Int>? = nil, answer: @escaping @Sendable (String, String) -> (status: Int, location: String?)
  ) async throws -> any Channel {
    let context = try tls.map { versions in
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: [.certificate(try NIOSSLCertificate(bytes: Array(certificate.utf8), format: .pem))],
        privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
      let all: [TLSVersion] = [.tlsv1, .tlsv11, .tlsv12, .tlsv13]
      configuration.minimumTLSVersion = all[versions.lowerBound]
      configuration.maximumTLSVersion = all[versions.upperBound]
      return try NIOSSLContext(configuration: configuration)
    }
    return try await listen { channel in
      if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
      try channel.pipeline.syncOperations.configureHTTPServerPipeline()
      try channel.pipeline.syncOperations.addHandler(HTTPAnswer(answer))
    }
  }

  /// Accepts, and says nothing.
  static func silent() async throws -> any Channel { try await listen { _ in } }

  /// A gRPC server that answers each call with a message and trailers, or with trailers alone.
  static func grpc(
    _ answer: @escaping @Sendable (_ path: String, _ body: [UInt8]) -> (message: [UInt8]?, status: String)
  ) async throws -> any Channel {
    try await listen { channel in
      _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
        mode: .server, connectionConfiguration: .init(), streamConfiguration: .init()
      ) { stream in
        stream.eventLoop.makeCompletedFuture { try stream.pipeline.syncOperations.addHandler(GRPCAnswer(answer)) }
      }
    }
  }

  private static func listen(_ initialize: @escaping @Sendable (any Channel) throws -> Void) async throws -> any Channel {
    try await ServerBootstrap(group: group).childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { try initialize(channel) }
    }.bind(host: "127.0.0.1", port: 0).get()
  }

  private final class HTTPAnswer: ChannelInboundHandler, Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    let answer: @Sendable (String, String) -> (status: Int, location: String?)
    init(_ answer: @escaping @Sendable (String, String) -> (status: Int, location: String?)) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .head(let request) = unwrapInboundIn(data) else { return }
      let (status, location) = answer(request.uri, request.headers.first(name: "Host") ?? "")
      var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: ["Content-Length": "2"])
      if let location { head.headers.add(name: "Location", value: location) }
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "ok")))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }

  private final class GRPCAnswer: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload
    let answer: @Sendable (String, [UInt8]) -> (message: [UInt8]?, status: String)
    var path = ""
    init(_ answer: @escaping @Sendable (String, [UInt8]) -> (message: [UInt8]?, status: String)) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .headers(let frame): path = frame.headers.first(name: ":path") ?? ""
      case .data(let frame):
        guard case .byteBuffer(let body) = frame.data, frame.endStream else { return }
        let (message, status) = answer(path, Array(body.readableBytesView))
        let headers: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]
        context.write(wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
        if let message {
          var framed = ByteBuffer(bytes: [0])
          framed.writeInteger(UInt32(message.count))
          framed.writeBytes(message)
          context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(framed)))), promise: nil)
        }
        let trailers: HPACKHeaders = ["grpc-status": status, "grpc-message": "m"]
        context.writeAndFlush(wrapOutboundOut(.headers(.init(headers: trailers, endStream: true))), promise: nil)
      default: break
      }
    }
  }

  /// Self-signed, of a name that nobody asks for.
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBgDCCASegAwIBAgIUbEj6/GGoBDHTL4Do1cu7dgKhhp4wCgYIKoZIzj0EAwIw
    FTETMBEGA1UEAwwKcHJvYmUtdGVzdDAgFw0yNjExMjExMzU4NDJaGA8yMTI2MTAy
    ODEzNTg0MlowFTETMBEGA1UEAwwKcHJvYmUtdGVzdDBZMBMGByqGSM49AgEGCCqG
    SM49AwEHA0IABOvNYfqCe8YlfoDd3v8tBEcWeEp9zsUsniieu1cuHS8Ajg8nCRCW
    RQT3jeii+h+ED3nupUv/MQkZxlFhAajyP26jUzBRMB0GA1UdDgQWBBRmB9uAAHDK
    Q9lAtv2yGJqxEoxbmjAfBgNVHSMEGDAWgBRmB9uAAHDKQ9lAtv2yGJqxEoxbmjAP
    BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIHsBbgk76kpf0wOwUguZ
    sq+Qw1T+4Z4qjpFj90iquUm1AiB85JD246OVvXCbjB3vKzLe9yHJKusMDBp7Un45
    KLrqBA==
    -----END CERTIFICATE-----
    """
  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgS9MRiD16Xxkn33lG
    izLcyA3RkM1jciJVKHgxzetmBrahRANCAATrzWH6gnvGJX6A3d7/LQRHFnhKfc7F
    LJ4onrtXLh0vAI4PJwkQlkUE943oovofhA957qVL/zEJGcZRYQGo8j9u
    -----END PRIVATE KEY-----
    """
}
