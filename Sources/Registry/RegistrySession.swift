internal import NIOCore
internal import NIOHTTP1
internal import OCISpec
internal import Synchronization

/// What one pull asks of one repository: manifests, small documents, blobs. Its hosts are tried in their order; what they say is believed
/// only as far as digests go.
public final class RegistrySession: Sendable {
  struct Server: Sendable {
    let number: Int
    let host: RegistryHost
    let authorizer: HostAuthorizer
    let retries: RetryPolicy
    let who: String
  }
  let registry: String
  let path: String
  let servers: [Server]
  let http: HTTPClient
  let patience: Duration
  /// By blob: numbers of hosts that gave other bytes than its digest says.
  let liars = Mutex<[String: Set<Int>]>([:])

  public static let manifestLimit = 4 << 20

  init(registry: String, path: String, hosts: [(RegistryHost, RegistryCredential?)], settings: RegistryClient.Settings) {
    (self.registry, self.path, patience) = (registry, path, settings.patience)
    let http = HTTPClient(patience: settings.patience, proxies: settings.proxies)
    self.http = http
    servers = hosts.enumerated().map { index, entry in
      let tokens = TokenService(http: http, host: entry.0, credential: entry.1, patience: settings.patience)
      var retries = settings.retries
      // Somebody else can answer.
      if index < hosts.count - 1 { retries.attempts = min(retries.attempts, 2) }
      return Server(
        number: index, host: entry.0, authorizer: HostAuthorizer(tokens: tokens, repository: path), retries: retries,
        who: entry.1?.description ?? "no credentials")
    }
  }

  /// Ends the connections that wait for another request; those of a cancelled task ended with it.
  public func close() { http.close() }

  // MARK: Documents

  public struct Manifest: Sendable {
    public let bytes: [UInt8]
    /// Of the bytes.
    public let digest: String
    /// As the registry says, without parameters; may be empty.
    public let mediaType: String
  }

  /// A manifest or index, by tag or digest; 4 MiB at most.
  public func manifest(_ reference: String) async throws(RegistryError) -> Manifest {
    let isDigest = Digest.isValid(reference)
    return try await first({ isDigest ? $0.host.pulls : $0.host.resolves }, "manifest \(reference)") {
      server throws(RegistryError) in
      let accept = [MediaType.ociIndex, .ociManifest, .dockerIndex, .dockerManifest].map(\.rawValue).joined(separator: ", ")
      let (bytes, headers) = try await self.document(
        server, "manifests/\(reference)", ["Accept": "\(accept), */*;q=0.1"], limit: Self.manifestLimit)
      let digest = Digest.of(bytes)
      let claimed = isDigest ? reference : headers.first(name: "docker-content-digest").flatMap { Digest.isValid($0) ? $0 : nil }
      if let claimed, claimed != digest {
        throw RegistryError(
          .digestMismatch,
          "registry \(server.host.name): manifest \(reference) has digest \(digest), not \(claimed): it was damaged or changed")
      }
      let type = headers.first(name: "content-type") ?? ""
      return Manifest(bytes: bytes, digest: digest, mediaType: String(type.prefix { $0 != ";" }.filter { $0 != " " }))
    }
  }

  /// A small blob, a config for example.
  public func document(_ digest: String, size: Int64, limit: Int) async throws(RegistryError) -> [UInt8] {
    guard size >= 0, size <= limit else {
      throw RegistryError(
        .tooLarge, "\(registry)/\(path): document \(digest) has \(size) bytes; at most \(limit >> 20) MiB are read")
    }
    return try await first(\.host.pulls, "blob \(digest)") { server throws(RegistryError) in
      let (bytes, _) = try await self.document(server, "blobs/\(digest)", [:], limit: Int(size))
      guard bytes.count == size, Digest.of(bytes) == digest else {
        throw RegistryError(
          .digestMismatch,
          "registry \(server.host.name): blob \(digest) is not what its digest and size say: it was damaged or changed")
      }
      return bytes
    }
  }

  /// With retries.
  private func document(
    _ server: Server, _ name: String, _ headers: HTTPHeaders, limit: Int
  ) async throws(RegistryError) -> ([UInt8], HTTPHeaders) {
    var failures = 0
    while true {
      do throws(RegistryError) {
        let exchange = try await get(name, at: server, headers: headers)
        let bytes: [UInt8]?
        do throws(HTTPFailure) { bytes = try await exchange.document(limit: limit, within: patience * 2) } catch {
          throw RegistryError(error, "registry \(server.host.name): \(name) of \(path)")
        }
        if let bytes { return (bytes, exchange.headers) }
        throw RegistryError(.tooLarge, "registry \(server.host.name): \(name) of \(path) has more than \(limit) bytes")
      } catch {
        failures += 1
        guard try await server.retries.wait(after: failures, error) else { throw error }
      }
    }
  }

  // MARK: Hosts

  /// Asks one host after the other. What the registry itself says is the answer when none has it; what others said is told too.
  func first<R>(
    _ isRight: (Server) -> Bool, _ what: String, _ body: (Server) async throws(RegistryError) -> R
  ) async throws(RegistryError) -> R {
    var failures: [RegistryError] = []
    for server in servers where isRight(server) {
      do throws(RegistryError) { return try await body(server) } catch {
        if error.code == .cancelled || error.code == .consumer { throw error }
        failures.append(error)
      }
    }
    guard let last = failures.last else {
      throw RegistryError(.configuration, "no host of registry \(registry) may be asked for \(what): see its hosts.toml")
    }
    let decisive = failures.last { $0.code != .notFound } ?? last
    if failures.count == 1 { return try failing(decisive) }
    let others = failures.filter { $0.description != decisive.description }.map(\.description)
    throw RegistryError(
      decisive.code, ([decisive.description] + others).joined(separator: "; before that: "), status: decisive.status,
      retryAfter: decisive.retryAfter)
  }

  private func failing<R>(_ error: RegistryError) throws(RegistryError) -> R { throw error }

  // MARK: Requests

  private static let maximumRedirects = 10

  /// Sends a GET, with authorization and redirects; the answer is 200 or 206.
  func get(_ name: String, at server: Server, headers: HTTPHeaders) async throws(RegistryError) -> HTTPExchange {
    let host = server.host
    var url = host.base.appending("/\(path)/\(name)")
    if host.isMirror { url = url.adding(query: [("ns", registry)]) }
    var (refusals, redirects) = (0, 0)
    while true {
      // Credentials, headers and certificates are for this host: a redirect to elsewhere gets none.
      let isOwn = url.isSameOrigin(as: host.base)
      var all = headers
      var shown: String?
      if isOwn {
        for header in host.headers { all.replaceOrAdd(name: header.name, value: header.value) }
        shown = await server.authorizer.header
        if let shown { all.replaceOrAdd(name: "Authorization", value: shown) }
      }
      let exchange: HTTPExchange
      do throws(HTTPFailure) {
        exchange = try await http.send(.GET, url, headers: all, tls: isOwn ? host.profile : host.profile.elsewhere)
      } catch {
        throw RegistryError(error, "registry \(host.name)\(isOwn ? "" : " (at \(url.authority), where it sent us)")")
      }
      switch exchange.status {
      case 200, 206: return exchange
      case 301, 302, 303, 307, 308:
        redirects += 1
        guard redirects <= Self.maximumRedirects else {
          exchange.close()
          throw RegistryError(.invalidContent, "registry \(host.name): more than \(Self.maximumRedirects) redirects for \(name)")
        }
        url = try await redirected(exchange, host)
      case 401 where isOwn && refusals < 2:
        refusals += 1
        let challenges = Challenge.parse(exchange.headers["www-authenticate"])
        let words = ErrorDocument.words(try await errorBody(exchange, host))
        try await server.authorizer.answer(challenges, refused: shown, words: words)
      default: throw try await failure(exchange, server, name, isOwn: isOwn)
      }
    }
  }

  private func redirected(_ exchange: HTTPExchange, _ host: RegistryHost) async throws(RegistryError) -> RegistryURL {
    let location = exchange.headers.first(name: "location") ?? ""
    do throws(HTTPFailure) { try await exchange.discard() } catch { throw RegistryError(error, "registry \(host.name)") }
    guard let next = exchange.url.following(location) else {
      throw RegistryError(
        .invalidContent,
        "registry \(host.name): redirects to '\(printable(location, limit: 100))', which is no http or https address")
    }
    guard next.isSecure || !exchange.url.isSecure else {
      throw RegistryError(.invalidContent, "registry \(host.name): redirects from TLS to \(next.place) without it")
    }
    return next
  }

  private func errorBody(_ exchange: HTTPExchange, _ host: RegistryHost) async throws(RegistryError) -> [UInt8] {
    do throws(HTTPFailure) { return try await exchange.document(limit: 64 << 10, within: .seconds(10)) ?? [] } catch {
      if error.kind == .cancelled { throw RegistryError(error, "registry \(host.name)") }
      exchange.close()
      return []
    }
  }

  private func failure(
    _ exchange: HTTPExchange, _ server: Server, _ name: String, isOwn: Bool
  ) async throws(RegistryError) -> RegistryError {
    let words = ErrorDocument.words(try await errorBody(exchange, server.host))
    let status = exchange.status
    let place = isOwn ? server.host.name : "\(server.host.name) (at \(exchange.url.authority), where it sent us)"
    let answer = "HTTP \(status)\(words)"
    switch status {
    case 401, 403:
      return RegistryError(.denied, "registry \(place) refused \(name) of \(path) with \(server.who): \(answer)", status: status)
    case 404: return RegistryError(.notFound, "registry \(place) has no \(name) of \(path): \(answer)", status: status)
    case 429:
      return RegistryError(
        .unavailable, "registry \(place) wants fewer requests of \(server.who): \(answer)", status: status,
        retryAfter: ErrorDocument.retryAfter(exchange.headers))
    case 408, 500...599:
      return RegistryError(
        .unavailable, "registry \(place) cannot give \(name) of \(path) now: \(answer)", status: status,
        retryAfter: ErrorDocument.retryAfter(exchange.headers))
    default: return RegistryError(.invalidContent, "registry \(place) answered \(name) of \(path) with \(answer)", status: status)
    }
  }
}

extension RegistryError {
  init(_ failure: HTTPFailure, _ what: String) {
    let code: Code =
      switch failure.kind {
      case .configuration, .security: .configuration
      case .transport: .unavailable
      case .malformed: .invalidContent
      case .cancelled: .cancelled
      }
    self.init(code, "\(what): \(failure)")
  }
}
