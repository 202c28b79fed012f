internal import FoundationEssentials

/// Who this node is for one registry. Never printed whole.
public struct RegistryCredential: Sendable {
  enum Kind: Equatable, Sendable {
    case basic(user: String, password: String)
    /// A refresh token: changed into others by the registry's token service.
    case identityToken(String)
    /// Shown to the registry as it is.
    case registryToken(String)
  }
  let kind: Kind
  /// Where it came from, for messages.
  let source: String

  init(_ kind: Kind, source: String) { (self.kind, self.source) = (kind, source) }

  /// What a pull brought along. Source: CRI AuthConfig; cri.md: user name and password go before an identity token, that before `auth`.
  /// - Parameter auth: base64 of `user:password`.
  /// - Returns: nil when nothing is in it.
  public init?(
    username: String, password: String, auth: String, identityToken: String, registryToken: String, source: String
  ) throws(RegistryError) {
    self.source = source
    if !username.isEmpty {
      kind = .basic(user: username, password: password)
    } else if !identityToken.isEmpty {
      kind = .identityToken(identityToken)
    } else if !auth.isEmpty {
      guard let pair = Self.pair(auth) else {
        throw RegistryError(.configuration, "the \(source) are no base64 text of user:password")
      }
      kind = .basic(user: pair.user, password: pair.password)
    } else if !registryToken.isEmpty {
      kind = .registryToken(registryToken)
    } else {
      return nil
    }
  }

  /// Whether a server address, however it is written, is that of a registry.
  public static func isFor(_ registry: String, _ server: String) -> Bool {
    CredentialFile.rank(server, registry: registry, path: "") != nil
  }

  static func pair(_ text: String) -> (user: String, password: String)? {
    guard let bytes = Data(base64Encoded: text) else { return nil }
    // Docker ends some with zeros.
    let plain = String(decoding: bytes, as: UTF8.self).split(separator: "\0", omittingEmptySubsequences: false)[0]
    guard let colon = plain.firstIndex(of: ":") else { return nil }
    return (String(plain[..<colon]), String(plain[plain.index(after: colon)...]))
  }

  /// For messages: whose, and whose user.
  var description: String {
    guard case .basic(let user, _) = kind else { return "the \(source)" }
    return "the \(source) (user \(printable(user, limit: 60)))"
  }

  /// The header of basic authorization. Source: RFC 7617.
  static func basicHeader(user: String, password: String) -> String {
    "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
  }
}
