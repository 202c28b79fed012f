internal import KubeModel

/// A GET as a probe or hook makes it. Pure.
struct HTTPRequest: Equatable, Sendable {
  var host: String
  var port: Int
  /// With query.
  var path: String
  var headers: [(name: String, value: String)]

  static func == (left: HTTPRequest, right: HTTPRequest) -> Bool {
    left.host == right.host && left.port == right.port && left.path == right.path
      && left.headers.elementsEqual(right.headers) { $0.name == $1.name && $0.value == $1.value }
  }

  /// - Parameter agent: `kube-probe/1.36` or `kube-lifecycle/1.36`. Headers of the action win; an empty value removes a default.
  init(_ action: HTTPGetAction, port: Int, podIP: String, agent: String) {
    host = action.host.flatMap { $0.isEmpty ? nil : $0 } ?? podIP
    self.port = port
    let path = action.path ?? "/"
    self.path = path.hasPrefix("/") ? path : "/\(path)"
    var headers: [(name: String, value: String)] = []
    for header in action.httpHeaders ?? [] { headers.append((header.name, header.value)) }
    func has(_ name: String) -> Bool { headers.contains { $0.name.lowercased() == name.lowercased() } }
    if !has("User-Agent") { headers.append(("User-Agent", agent)) }
    if !has("Accept") { headers.append(("Accept", "*/*")) }
    if !has("Host") { headers.append(("Host", HTTPRequest.authority(host, port))) }
    if !has("Connection") { headers.append(("Connection", "close")) }
    self.headers = headers.filter { !$0.value.isEmpty }
  }

  static func authority(_ host: String, _ port: Int) -> String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

  enum Redirect: Equatable {
    case follow(HTTPRequest)
    /// To another host, or too odd to follow: success with a warning.
    case elsewhere
  }

  /// Where a redirect leads. Source: kubelet probe/http `RedirectChecker`.
  func redirected(to location: String) -> Redirect {
    var next = self
    if location.hasPrefix("/") && !location.hasPrefix("//") {
      next.path = location
      return .follow(next)
    }
    guard location.hasPrefix("http://") else { return .elsewhere }
    let rest = location.dropFirst("http://".count)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = String(rest[..<slash])
    let own = HTTPRequest.authority(host, port)
    guard authority == own || (port == 80 && authority == host) else { return .elsewhere }
    next.path = slash == rest.endIndex ? "/" : String(rest[slash...])
    return .follow(next)
  }
}
