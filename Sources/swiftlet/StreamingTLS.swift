import NIOCore
import NIOSSL

/// TLS of the streaming server, from files named in the settings.
enum StreamingTLS {
  /// - Throws: for files that cannot be read, or are no certificate and its key.
  static func handlers(certificate: String, key: String) throws -> @Sendable () -> any ChannelHandler {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    let context = try NIOSSLContext(configuration: configuration)
    return { NIOSSLServerHandler(context: context) }
  }
}
