internal import KubeModel

/// A GET as a probe or hook makes it. Pure.
struct HTTPRequest: Equatable, Sendable {
  var target: RequestTarget
  var headers: [(name: String, value: String)]

  static func == (left: HTTPRequest, right: HTTPRequest) -> Bool {
    left.target == right.target && left.headers.elementsEqual(right.headers) { $0.name == $1.name && $0.value == $1.value }
  }

  /// - Parameter agent: `kube-probe/1.36` or `kube-lifecycle/1.36`. Headers of the action win; an empty value removes a default.
  init(_ action: HTTPGetAction, port: Int, podIP: String, agent: String) {
    let path = (action.path ?? "/").prefix { $0 != "#" }
    target = RequestTarget(
      isTLS: action.scheme == "HTTPS", host: action.host.flatMap { $0.isEmpty ? nil : $0 } ?? podIP, port: port,
      path: path.hasPrefix("/") ? String(path) : "/\(path)")
    var headers: [(name: String, value: String)] = []
    for header in action.httpHeaders ?? [] { headers.append((header.name, header.value)) }
    func has(_ name: String) -> Bool { headers.contains { $0.name.lowercased() == name.lowercased() } }
    if !has("User-Agent") { headers.append(("User-Agent", agent)) }
    if !has("Accept") { headers.append(("Accept", "*/*")) }
    if !has("Host") { headers.append(("Host", target.authority)) }
    if !has("Connection") { headers.append(("Connection", "close")) }
    self.headers = headers.filter { !$0.value.isEmpty }
  }

  enum Redirect: Equatable {
    case follow(HTTPRequest)
    /// To another host: success with a warning.
    case elsewhere
    /// Not an HTTP URL.
    case invalid
  }

  /// Where a redirect leads: any scheme, port and path of the same host. Source: kubelet probe/http `RedirectChecker`.
  func redirected(to location: String) -> Redirect {
    guard let target = target.resolving(location) else { return .invalid }
    if target.host != self.target.host { return .elsewhere }
    var next = self
    next.target = target
    // Go's client keeps a Host header through relative redirects only.
    if target.authority != self.target.authority || location.contains("://") {
      next.headers = headers.filter { $0.name.lowercased() != "host" } + [("Host", target.authority)]
    }
    return .follow(next)
  }
}
