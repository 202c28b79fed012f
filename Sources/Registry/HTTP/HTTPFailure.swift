internal import LinuxSystem
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Why an exchange with a server ended before its answer was whole.
struct HTTPFailure: Error, CustomStringConvertible {
  enum Kind {
    /// Files of ours that TLS needs.
    case configuration
    /// No address, no connection, connection lost, nothing for too long: may work another time.
    case transport
    /// Certificates do not fit: trying again changes nothing.
    case security
    /// What came is not HTTP.
    case malformed
    case cancelled
  }
  let kind: Kind
  let description: String

  static let cancelled = HTTPFailure(kind: .cancelled, description: "cancelled")
  static let closed = HTTPFailure(kind: .transport, description: "the connection was closed before the answer was whole")

  static func stalled(after seconds: Int64) -> HTTPFailure {
    HTTPFailure(kind: .transport, description: "no progress for \(seconds) s")
  }

  init(kind: Kind, description: String) { (self.kind, self.description) = (kind, description) }

  init(_ error: any Error) {
    switch error {
    case let failure as HTTPFailure: self = failure
    case let error as IOError:
      self.init(kind: .transport, description: SystemCallError(call: "", subject: "", code: error.errnoCode).reason.lowercased())
    case ChannelError.connectTimeout: self.init(kind: .transport, description: "no answer to the connection attempt")
    case is CancellationError: self = .cancelled
    case NIOSSLError.handshakeFailed(.sslError(let errors)):
      let text = errors.map { "\($0)" }.joined(separator: " ")
      let why =
        text.contains("CERTIFICATE_VERIFY_FAILED")
        ? "its certificate is signed by nobody this node trusts (or expired, or is for another name)"
        : text.contains("WRONG_VERSION_NUMBER") ? "it does not speak TLS (is it a plain HTTP registry?)" : text
      self.init(kind: .security, description: "TLS: \(printable(why))")
    case NIOSSLError.unableToValidateCertificate:
      self.init(kind: .security, description: "TLS: its certificate is not for this name")
    case NIOSSLError.uncleanShutdown: self = .closed
    case is NIOSSLError, is NIOSSLExtraError: self.init(kind: .security, description: "TLS: \(printable("\(error)"))")
    case HTTPParserError.invalidEOFState: self = .closed
    case is HTTPParserError: self.init(kind: .malformed, description: "its answer is not HTTP: \(error)")
    default: self.init(kind: .transport, description: printable("\(error)"))
    }
  }
}
