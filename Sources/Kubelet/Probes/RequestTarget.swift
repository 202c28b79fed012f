/// Scheme, host, port and path of a request, and where a Location header leads from there. Pure.
struct RequestTarget: Equatable, Sendable {
  var isTLS: Bool
  var host: String
  var port: Int
  /// With query, without fragment.
  var path: String

  var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
  var description: String { "\(isTLS ? "https" : "http")://\(authority)\(path)" }

  /// nil for what is no HTTP URL. Source: RFC 3986, section 5.2.
  func resolving(_ location: String) -> RequestTarget? {
    let reference = location.prefix { $0 != "#" }
    if let colon = reference.firstIndex(of: ":"),
      reference[..<colon].allSatisfy({ $0.isLetter || $0.isNumber || "+-.".contains($0) }),
      reference.first?.isLetter == true
    {
      let scheme = reference[..<colon].lowercased()
      let rest = reference[reference.index(after: colon)...]
      guard scheme == "http" || scheme == "https", rest.hasPrefix("//") else { return nil }
      return absolute(rest.dropFirst(2), isTLS: scheme == "https")
    }
    if reference.hasPrefix("//") { return absolute(reference.dropFirst(2), isTLS: isTLS) }
    var next = self
    let own = path.prefix { $0 != "?" }
    if reference.isEmpty { return self }
    if reference.hasPrefix("?") {
      next.path = String(own) + reference
    } else if reference.hasPrefix("/") {
      next.path = Self.withoutDots(reference)
    } else {
      next.path = Self.withoutDots(own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/" + reference)
    }
    return next
  }

  private func absolute(_ text: Substring, isTLS: Bool) -> RequestTarget? {
    let end = text.firstIndex { $0 == "/" || $0 == "?" } ?? text.endIndex
    let authority = text[..<end].split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    var host = authority
    var port = isTLS ? 443 : 80
    if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
      host = authority[..<colon]
      guard let number = Int(authority[authority.index(after: colon)...]), 1...65535 ~= number else { return nil }
      port = number
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    if host.isEmpty { return nil }
    let rest = text[end...]
    return RequestTarget(
      isTLS: isTLS, host: String(host), port: port, path: rest.hasPrefix("/") ? Self.withoutDots(rest) : "/" + rest)
  }

  /// remove_dot_segments of a path with its query.
  private static func withoutDots(_ text: some StringProtocol) -> String {
    let path = text.prefix { $0 != "?" }
    var kept: [Substring] = []
    let parts = String(path).split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for part in parts {
      switch part {
      case ".": break
      case "..": _ = kept.popLast()
      default: kept.append(part)
      }
    }
    if let last = parts.last, last == "." || last == ".." { kept.append("") }
    return "/" + kept.joined(separator: "/") + text.dropFirst(path.count)
  }
}
