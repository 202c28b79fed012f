/// A server that answers for a registry: the registry itself or a mirror.
struct RegistryHost: Equatable, Sendable {
  /// With the path of the API, `/v2` as a rule, without a slash at its end.
  var base: RegistryURL
  /// Whether tags are asked for here.
  var resolves = true
  /// Whether manifests by digest and blobs are.
  var pulls = true
  var profile = TLSProfile()
  /// Sent with each request to this host, and to no other.
  var headers: [Header] = []
  /// Stands for another host, which it is told (`ns`).
  var isMirror = false

  struct Header: Equatable, Sendable {
    let name: String
    let value: String
  }

  /// For messages.
  var name: String { base.authority }

  /// The host of a registry that nothing is written about: TLS, but for this machine itself.
  static func standard(for registry: String) -> RegistryHost? {
    let authority = registry == "docker.io" ? "registry-1.docker.io" : registry
    guard let secure = RegistryURL(isSecure: true, authority: authority, path: "/v2") else { return nil }
    guard secure.isLoopback, !authority.hasSuffix(":443"),
      let plain = RegistryURL(isSecure: false, authority: authority, path: "/v2")
    else { return RegistryHost(base: secure) }
    return RegistryHost(base: plain)
  }
}
