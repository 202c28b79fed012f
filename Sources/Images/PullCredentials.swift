import Registry

/// What a pull brings along for its registry; empty fields are not there. Never logged. Source: CRI AuthConfig.
public struct PullCredentials: Sendable {
  public var username: String
  public var password: String
  /// base64 of `user:password`.
  public var auth: String
  /// The registry they are for; empty: that of the image.
  public var serverAddress: String
  public var identityToken: String
  public var registryToken: String

  public init(
    username: String = "", password: String = "", auth: String = "", serverAddress: String = "", identityToken: String = "",
    registryToken: String = ""
  ) {
    (self.username, self.password, self.auth) = (username, password, auth)
    (self.serverAddress, self.identityToken, self.registryToken) = (serverAddress, identityToken, registryToken)
  }

  /// nil when they are for another registry, or none.
  func credential(for registry: String) throws(RegistryError) -> RegistryCredential? {
    guard serverAddress.isEmpty || RegistryCredential.isFor(registry, serverAddress) else { return nil }
    return try RegistryCredential(
      username: username, password: password, auth: auth, identityToken: identityToken, registryToken: registryToken,
      source: "credentials of the pull")
  }
}
