/// Why a registry did not give what it was asked for: code, and a sentence that names the registry, whose credentials were used, and the
/// HTTP status.
public struct RegistryError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// Files of this node: hosts.toml, certificates, config.json.
    case configuration
    /// 401, 403: no credentials, wrong ones, or not for this repository.
    case denied
    case notFound
    /// Not reached, broken off, overloaded: the same may work later.
    case unavailable
    /// What came is not what the protocol says.
    case invalidContent
    case digestMismatch
    /// A bound was passed.
    case tooLarge
    /// Whoever takes the bytes does not take them any more.
    case consumer
    case cancelled
  }
  public let code: Code
  public let description: String
  /// Of the answer that decided; nil when none came.
  public let status: Int?
  /// How long the registry asks to be left alone, seconds.
  let retryAfter: Int?

  public init(_ code: Code, _ description: String, status: Int? = nil, retryAfter: Int? = nil) {
    self.code = code
    self.description = description
    self.status = status
    self.retryAfter = retryAfter
  }
}

/// A stranger's words in a message of ours: one line, no control characters, not long.
func printable(_ text: some StringProtocol, limit: Int = 300) -> String {
  String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit).map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
}
