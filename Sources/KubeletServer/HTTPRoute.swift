/// What a route answers.
public struct HTTPAnswer: Sendable, Equatable {
  public var status: Int
  public var contentType: String
  public var body: [UInt8]

  public init(status: Int = 200, contentType: String = "text/plain; charset=utf-8", body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  public init(status: Int = 200, text: String) { self.init(status: status, body: Array(text.utf8)) }

  static let notFound = HTTPAnswer(status: 404, text: "404 page not found\n")
  static let methodNotAllowed = HTTPAnswer(status: 405, text: "Method Not Allowed\n")
}

/// GET (and HEAD) on one path.
public struct HTTPRoute: Sendable {
  public let path: String
  let answer: @Sendable () async -> HTTPAnswer

  public init(_ path: String, _ answer: @escaping @Sendable () async -> HTTPAnswer) {
    self.path = path
    self.answer = answer
  }
}

/// Finds the answer for a request. Pure but for the routes.
struct HTTPRouter: Sendable {
  let routes: [HTTPRoute]

  func answer(method: String, uri: String) async -> HTTPAnswer {
    var path = String(uri.prefix { $0 != "?" })
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard let route = routes.first(where: { $0.path == path }) else { return .notFound }
    guard method == "GET" || method == "HEAD" else { return .methodNotAllowed }
    return await route.answer()
  }
}
