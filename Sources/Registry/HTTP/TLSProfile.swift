internal import NIOSSL

/// How a server is to be trusted, and who this node is for it. Paths are absolute.
struct TLSProfile: Hashable, Sendable {
  struct Client: Hashable, Sendable {
    let certificate: String
    /// The same file when nil.
    let key: String?
  }

  /// Trusted beside those of the system.
  var authorities: [String] = []
  var clients: [Client] = []
  var skipsVerification = false

  /// For a server that this one leads to: what is trusted stays, who this node is and what it overlooks was meant for one host.
  var elsewhere: TLSProfile { TLSProfile(authorities: authorities) }

  /// Reads files: blocks.
  func context() throws(HTTPFailure) -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    if skipsVerification { configuration.certificateVerification = .none }
    for path in authorities {
      let certificates = try reading(path) { try NIOSSLCertificate.fromPEMFile(path) }
      configuration.additionalTrustRoots.append(.certificates(certificates))
    }
    // A connection has one identity; the first is the one containerd's files name.
    if let client = clients.first {
      let chain = try reading(client.certificate) { try NIOSSLCertificate.fromPEMFile(client.certificate) }
      configuration.certificateChain = chain.map { .certificate($0) }
      let key = client.key ?? client.certificate
      configuration.privateKey = .privateKey(try reading(key) { try NIOSSLPrivateKey(file: key, format: .pem) })
    }
    return try reading("TLS settings") { [configuration] in try NIOSSLContext(configuration: configuration) }
  }

  private func reading<R>(_ path: String, _ body: () throws -> R) throws(HTTPFailure) -> R {
    do { return try body() } catch {
      throw HTTPFailure(kind: .configuration, description: "cannot use \(path): \(printable("\(error)"))")
    }
  }
}
