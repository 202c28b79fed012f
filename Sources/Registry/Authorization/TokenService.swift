internal import FoundationEssentials
internal import NIOHTTP1

/// Gets a token for one repository from the service that a registry names. Source: distribution docs/spec/auth/{token,oauth}.md.
struct TokenService: Sendable {
  let http: HTTPClient
  let host: RegistryHost
  let credential: RegistryCredential?
  let patience: Duration
  private static let limit = 1 << 20

  private struct Answer: Decodable {
    var token: String?
    var access_token: String?
  }

  /// - Returns: the header to send.
  func token(realm: String, service: String?, scope: String) async throws(RegistryError) -> String {
    guard let url = RegistryURL(realm) else {
      throw RegistryError(.invalidContent, "\(host.name): its token service '\(printable(realm))' is no http or https address")
    }
    // Names and passwords that came in on TLS do not go out in the open.
    guard url.isSecure || !host.base.isSecure else {
      throw RegistryError(.denied, "\(host.name): its token service \(url.place) has no TLS: no credentials are sent there")
    }
    let exchange: HTTPExchange
    let body: [UInt8]?
    do throws(HTTPFailure) {
      exchange = try await ask(url, service, scope)
      body = try await exchange.document(limit: Self.limit, within: patience)
    } catch {
      throw RegistryError(error, "cannot get a token of \(url.place) for \(host.name)")
    }
    guard let body else {
      throw RegistryError(.tooLarge, "\(host.name): the token of \(url.place) has more than \(Self.limit >> 20) MiB")
    }
    let who = credential.map(\.description) ?? "no credentials"
    switch exchange.status {
    case 200: break
    case 400..<500 where exchange.status != 429 && exchange.status != 408:
      throw RegistryError(
        .denied,
        "\(host.name): the token service \(url.place) refused \(who): HTTP \(exchange.status)\(ErrorDocument.words(body))",
        status: exchange.status)
    default:
      throw RegistryError(
        .unavailable, "\(host.name): the token service \(url.place) answered HTTP \(exchange.status)\(ErrorDocument.words(body))",
        status: exchange.status, retryAfter: ErrorDocument.retryAfter(exchange.headers))
    }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)),
      let token = [answer.token, answer.access_token].compactMap(\.self).first(where: { !$0.isEmpty }),
      token.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
    else { throw RegistryError(.invalidContent, "\(host.name): the token service \(url.place) answered without a token") }
    return "Bearer " + token
  }

  private func ask(_ url: RegistryURL, _ service: String?, _ scope: String) async throws(HTTPFailure) -> HTTPExchange {
    let service = service.map { [("service", $0)] } ?? []
    let profile = url.isSameOrigin(as: host.base) ? host.profile : host.profile.elsewhere
    if case .identityToken(let token)? = credential?.kind {
      let form = [("grant_type", "refresh_token"), ("client_id", "swiftlet"), ("scope", scope), ("refresh_token", token)] + service
      let text = form.map { "\($0.0)=\(RegistryURL.escaped($0.1))" }.joined(separator: "&")
      return try await http.send(
        .POST, url, headers: ["Content-Type": "application/x-www-form-urlencoded"], body: Array(text.utf8), tls: profile)
    }
    var headers = HTTPHeaders()
    if case .basic(let user, let password)? = credential?.kind {
      headers.add(name: "Authorization", value: RegistryCredential.basicHeader(user: user, password: password))
    }
    return try await http.send(.GET, url.adding(query: service + [("scope", scope)]), headers: headers, tls: profile)
  }
}
