internal import FoundationEssentials
internal import LinuxSystem

/// Proxies by the environment, as other runtimes read it: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, or in lower case.
/// Source: golang.org/x/net/http/httpproxy.
public struct ProxySettings: Sendable {
  struct Proxy: Equatable, Sendable {
    let url: RegistryURL
    /// The value of Proxy-Authorization.
    let authorization: String?
  }
  private let secure: String
  private let plain: String
  private let exceptions: [Exception]

  /// - Parameter environment: of the agent; empty: no proxy.
  public init(environment: [String: String] = [:]) {
    func value(_ name: String) -> String {
      [name, name.lowercased()].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    }
    (secure, plain) = (value("HTTPS_PROXY"), value("HTTP_PROXY"))
    exceptions = value("NO_PROXY").split(separator: ",").compactMap { Exception($0.filter { $0 != " " }.lowercased()) }
  }

  /// What a request to a URL goes through; nil: nothing. Never for this machine itself.
  /// - Throws: for a proxy that is none this client can speak to.
  func proxy(for url: RegistryURL) throws(HTTPFailure) -> Proxy? {
    let text = url.isSecure ? secure : plain
    if text.isEmpty || url.isLoopback || exceptions.contains(where: { $0.covers(url) }) { return nil }
    guard let proxy = Self.parse(text) else {
      throw HTTPFailure(
        kind: .configuration,
        description: "\(url.isSecure ? "HTTPS_PROXY" : "HTTP_PROXY") is not http://[user:password@]host:port")
    }
    return proxy
  }

  private static func parse(_ text: String) -> Proxy? {
    var rest = Substring(text)
    if let scheme = rest.firstRange(of: "://") {
      guard rest[..<scheme.lowerBound].lowercased() == "http" else { return nil }
      rest = rest[scheme.upperBound...]
    }
    rest = rest.prefix { $0 != "/" }
    var authorization: String?
    if let at = rest.lastIndex(of: "@") {
      let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { unescaped($0) }
      authorization = RegistryCredential.basicHeader(user: parts[0], password: parts.count > 1 ? parts[1] : "")
      rest = rest[rest.index(after: at)...]
    }
    return RegistryURL("http://\(rest)").map { Proxy(url: $0, authorization: authorization) }
  }

  private static func unescaped(_ text: Substring) -> String {
    var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// One entry of NO_PROXY.
  private enum Exception: Sendable {
    case all
    case network([UInt8], bits: Int)
    /// `suffix` begins with a dot; `name`: the domain itself too.
    case domain(suffix: String, name: String?, port: Int?)

    init?(_ text: String) {
      if text == "*" {
        self = .all
      } else if let slash = text.lastIndex(of: "/") {
        guard let address = HostAddresses.bytes(String(text[..<slash])), let bits = Int(text[text.index(after: slash)...]),
          (0...address.count * 8).contains(bits)
        else { return nil }
        self = .network(address, bits: bits)
      } else if let address = HostAddresses.bytes(text.filter { $0 != "[" && $0 != "]" }) {
        self = .network(address, bits: address.count * 8)
      } else {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard let host = parts.first, !host.isEmpty else { return nil }
        let port = parts.count > 1 ? Int(parts[1]) : nil
        if host.hasPrefix("*.") {
          self = .domain(suffix: String(host.dropFirst()), name: nil, port: port)
        } else if host.hasPrefix(".") {
          self = .domain(suffix: String(host), name: nil, port: port)
        } else {
          self = .domain(suffix: ".\(host)", name: String(host), port: port)
        }
      }
    }

    func covers(_ url: RegistryURL) -> Bool {
      switch self {
      case .all: return true
      case .network(let network, let bits):
        guard let address = HostAddresses.bytes(url.host), address.count == network.count else { return false }
        return zip(address, network).enumerated().allSatisfy { index, pair in
          let kept = min(8, max(0, bits - index * 8))
          return UInt16(pair.0) >> (8 - kept) == UInt16(pair.1) >> (8 - kept)
        }
      case .domain(let suffix, let name, let port):
        return (url.host == name || url.host.hasSuffix(suffix)) && (port == nil || port == url.port)
      }
    }
  }
}
