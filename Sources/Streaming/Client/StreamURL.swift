/// Where a session is served, as a runtime's URL says it.
struct StreamURL: Equatable {
  var host: String
  var port: Int
  var path: String

  /// - Throws: for what is no such URL, and for https: clients of the node itself have no certificates to trust.
  init(_ text: String) throws(StreamingError) {
    guard text.hasPrefix("http://") else { throw StreamingError("\(text): only http URLs are supported by this client") }
    let rest = text.dropFirst(7)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let place = rest[..<slash]
    path = slash == rest.endIndex ? "/" : String(rest[slash...])
    guard let colon = place.lastIndex(of: ":"), let port = UInt16(place[place.index(after: colon)...]), port > 0 else {
      throw StreamingError("\(text): no host and port")
    }
    self.port = Int(port)
    host = place[..<colon].filter { $0 != "[" && $0 != "]" }
    guard !host.isEmpty, !path.contains(where: { $0.isWhitespace || $0.isNewline }) else { throw StreamingError("\(text): no URL") }
  }

  func request(_ protocols: [String]) -> HTTPHead {
    HTTPHead(
      ["POST", path, "HTTP/1.1"],
      [("Host", "\(host):\(port)"), ("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), ("Content-Length", "0")]
        + protocols.map { ("X-Stream-Protocol-Version", $0) })
  }
}
