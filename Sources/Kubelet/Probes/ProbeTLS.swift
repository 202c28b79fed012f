internal import NIOCore
internal import NIOSSL

/// TLS of probes and hooks: the certificate is not verified, as the kubelet does not; TLS 1.2 and later, the default of Go's clients.
enum ProbeTLS {
  private static let context = Result { () throws -> NIOSSLContext in
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    return try NIOSSLContext(configuration: configuration)
  }

  /// - Parameter host: sent as SNI if it is a name.
  static func handler(host: String) throws -> NIOSSLClientHandler {
    let isAddress = host.contains(":") || (try? SocketAddress(ipAddress: host, port: 0)) != nil
    return try NIOSSLClientHandler(context: try context.get(), serverHostname: isAddress ? nil : host)
  }
}
