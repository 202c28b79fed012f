/// What is sent to one host as authorization, for one repository. It is found out by the first request that is refused and serves all others.
actor HostAuthorizer {
  private let tokens: TokenService
  private let scope: String
  /// nil: nothing was asked for yet.
  private(set) var header: String?

  init(tokens: TokenService, repository: String) {
    self.tokens = tokens
    scope = "repository:\(repository):pull"
    if case .registryToken(let token)? = tokens.credential?.kind { header = "Bearer " + token }
  }

  /// After a 401.
  /// - Parameter refused: what the refused request had; when something newer is known by now, that is tried first.
  func answer(_ challenges: [Challenge], refused: String?, words: String) async throws(RegistryError) {
    if header != refused, header != nil { return }
    let who = tokens.credential.map(\.description) ?? "no credentials"
    if case .registryToken? = tokens.credential?.kind { throw denied("refused \(who)", words) }
    for challenge in challenges {
      switch challenge {
      case .bearer(let realm, let service, let asked):
        header = try await tokens.token(realm: realm, service: service, scope: asked.flatMap { $0.isEmpty ? nil : $0 } ?? scope)
        return
      case .basic:
        guard let credential = tokens.credential else {
          throw denied("wants a user and a password, and there are no credentials for it", words)
        }
        guard case .basic(let user, let password) = credential.kind else {
          throw denied("wants a user and a password, and \(who) are a token", words)
        }
        let basic = RegistryCredential.basicHeader(user: user, password: password)
        if basic == refused { throw denied("refused \(who)", words) }
        header = basic
        return
      }
    }
    throw denied("wants an authorization that is not understood here, having \(who)", words)
  }

  private func denied(_ what: String, _ words: String) -> RegistryError {
    RegistryError(.denied, "registry \(tokens.host.name) \(what): HTTP 401\(words)", status: 401)
  }
}
