/// An absolute http or https URL as registries, their answers and hosts.toml name them. User information and fragments have no place
/// there. Source: RFC 3986.
struct RegistryURL: Equatable, Sendable, CustomStringConvertible {
  let isSecure: Bool
  /// Lower case; an IPv6 address without brackets.
  let host: String
  let port: Int
  /// Path and query, as they go into a request line.
  var target: String

  /// nil when the text is none, or holds what a request line cannot.
  init?(_ text: String) {
    let rest: Substring
    if text.lowercased().hasPrefix("https://") {
      (isSecure, rest) = (true, text.dropFirst(8))
    } else if text.lowercased().hasPrefix("http://") {
      (isSecure, rest) = (false, text.dropFirst(7))
    } else {
      return nil
    }
    let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    guard let (host, port) = Self.authority(rest[..<end]) else { return nil }
    self.host = host
    self.port = port ?? (isSecure ? 443 : 80)
    guard let target = Self.target(rest[end...]) else { return nil }
    self.target = target
  }

  /// The host and port of a registry as an image's name has them.
  init?(isSecure: Bool, authority: String, path: String) {
    guard let (host, port) = Self.authority(authority[...]) else { return nil }
    self.isSecure = isSecure
    self.host = host
    self.port = port ?? (isSecure ? 443 : 80)
    target = path
  }

  /// Where an answer's Location leads. Source: RFC 3986 section 5, without dot segments: registries send none.
  func following(_ location: String) -> RegistryURL? {
    if location.hasPrefix("//") { return RegistryURL((isSecure ? "https:" : "http:") + location) }
    if let absolute = RegistryURL(location) { return absolute }
    guard location.hasPrefix("/"), let target = Self.target(location[...]) else { return nil }
    var next = self
    next.target = target
    return next
  }

  /// The same place with more behind its path.
  func appending(_ path: String) -> RegistryURL {
    var next = self
    next.target = (target.hasSuffix("/") ? String(target.dropLast()) : target) + path
    return next
  }

  func adding(query: [(String, String)]) -> RegistryURL {
    var next = self
    for (name, value) in query {
      next.target += (next.target.contains("?") ? "&" : "?") + Self.escaped(name) + "=" + Self.escaped(value)
    }
    return next
  }

  /// Whether credentials for one may be shown to the other.
  func isSameOrigin(as other: RegistryURL) -> Bool { (isSecure, host, port) == (other.isSecure, other.host, other.port) }

  /// What the Host header says.
  var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  var description: String { "\(isSecure ? "https" : "http")://\(authority)\(target)" }

  /// Without a query, which may hold what others shall not read (signed URLs).
  var place: String { String(description.prefix { $0 != "?" }) }

  /// This machine itself.
  var isLoopback: Bool {
    host == "localhost" || host.hasSuffix(".localhost") || host == "::1"
      || host.hasPrefix("127.") && host.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }
  }

  // MARK: Parts

  private static func authority(_ text: Substring) -> (host: String, port: Int?)? {
    var name = text
    var port: Int?
    if text.hasPrefix("[") {
      guard let bracket = text.firstIndex(of: "]") else { return nil }
      name = text[text.index(after: text.startIndex)..<bracket]
      guard name.utf8.allSatisfy({ isHexadecimal($0) || $0 == 58 || $0 == 46 }) else { return nil }
      let after = text[text.index(after: bracket)...]
      if !after.isEmpty {
        guard after.hasPrefix(":"), let number = number(after.dropFirst()) else { return nil }
        port = number
      }
    } else {
      if let colon = text.lastIndex(of: ":") {
        name = text[..<colon]
        guard let number = number(text[text.index(after: colon)...]) else { return nil }
        port = number
      }
      guard name.utf8.allSatisfy({ isAlphanumeric($0) || $0 == 45 || $0 == 46 || $0 == 95 }) else { return nil }
    }
    guard !name.isEmpty, name.utf8.count <= 255 else { return nil }
    return (name.lowercased(), port)
  }

  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.count <= 5, text.utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(text),
      (1...65535).contains(port)
    else { return nil }
    return port
  }

  /// Visible ASCII only: nothing that could end the request line.
  private static func target(_ text: Substring) -> String? {
    let text = text.prefix { $0 != "#" }
    guard text.utf8.count <= 16 << 10, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
    return text.hasPrefix("/") ? String(text) : "/" + text
  }

  /// Source: RFC 3986 section 2.3, unreserved characters.
  static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isAlphanumeric(byte) || [45, 46, 95, 126].contains(byte) {
        bytes.append(byte)
      } else {
        bytes += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
  }
}
