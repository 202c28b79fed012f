internal import LinuxSystem
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import Synchronization

/// HTTP/1.1 for one pull: its connections are used again within it, and all end with it.
final class HTTPClient: Sendable {
  private struct Key: Hashable {
    let isSecure: Bool
    let host: String
    let port: Int
    let profile: TLSProfile
  }
  private struct State {
    var idle: [Key: [HTTPConnection]] = [:]
    var contexts: [TLSProfile: NIOSSLContext] = [:]
    var isClosed = false
  }
  private let state = Mutex(State())
  private let patience: Duration
  private let proxies: ProxySettings

  /// - Parameter patience: longest time without progress.
  init(patience: Duration, proxies: ProxySettings = ProxySettings()) { (self.patience, self.proxies) = (patience, proxies) }

  func send(
    _ method: HTTPMethod, _ url: RegistryURL, headers: HTTPHeaders, body: [UInt8] = [], tls profile: TLSProfile
  ) async throws(HTTPFailure) -> HTTPExchange {
    let key = Key(isSecure: url.isSecure, host: url.host, port: url.port, profile: profile)
    var head = HTTPRequestHead(version: .http1_1, method: method, uri: url.target, headers: headers)
    head.headers.replaceOrAdd(name: "Host", value: url.authority)
    head.headers.replaceOrAdd(name: "User-Agent", value: "swiftlet")
    let proxy = try proxies.proxy(for: url)
    // Without TLS the proxy sees the request, and is told where it goes. Source: RFC 9112, section 3.2.2.
    if let proxy, !url.isSecure {
      head.uri = "http://\(url.authority)\(url.target)"
      if let authorization = proxy.authorization { head.headers.replaceOrAdd(name: "Proxy-Authorization", value: authorization) }
    }
    if !body.isEmpty { head.headers.replaceOrAdd(name: "Content-Length", value: "\(body.count)") }
    // A server may have closed what it kept open for long enough: then the next connection, in the end a new one, takes the request.
    while let known = takeIdle(key) {
      do throws(HTTPFailure) {
        return exchange(url, try await known.send(head, body: body), known, key)
      } catch {
        known.close()
        if error.kind != .transport { throw error }
      }
    }
    let connection = try await HTTPConnection.open(
      url, tls: url.isSecure ? try await context(profile) : nil, proxy: proxy, patience: TimeAmount(patience))
    do throws(HTTPFailure) {
      return exchange(url, try await connection.send(head, body: body), connection, key)
    } catch {
      connection.close()
      throw error
    }
  }

  /// Ends what waits for another request; exchanges under way end by themselves.
  func close() {
    let idle = state.withLock { state in
      defer { state.idle = [:] }
      state.isClosed = true
      return state.idle.values.flatMap(\.self)
    }
    for connection in idle { connection.close() }
  }

  private func exchange(_ url: RegistryURL, _ head: HTTPResponseHead, _ connection: HTTPConnection, _ key: Key) -> HTTPExchange {
    HTTPExchange(url, head, connection) { [weak self] connection in
      let isKept = self?.state.withLock { state in
        if !state.isClosed { state.idle[key, default: []].append(connection) }
        return !state.isClosed
      }
      if isKept != true { connection.close() }
    }
  }

  private func takeIdle(_ key: Key) -> HTTPConnection? {
    state.withLock { state in
      while let connection = state.idle[key]?.popLast() {
        if connection.isUsable { return connection }
        connection.close()
      }
      return nil
    }
  }

  /// Made once: the system's certificates are read for it.
  private func context(_ profile: TLSProfile) async throws(HTTPFailure) -> NIOSSLContext {
    if let known = state.withLock({ $0.contexts[profile] }) { return known }
    let context = try await runBlocking { () throws(HTTPFailure) in try profile.context() }
    state.withLock { $0.contexts[profile] = context }
    return context
  }
}
