/// What a 401 asks for. Source: RFC 9110 section 11.6.1; distribution's token authentication.
enum Challenge: Equatable {
  case basic
  case bearer(realm: String, service: String?, scope: String?)

  /// All that are understood, in the order of the headers; several may be in one.
  static func parse(_ headers: [String]) -> [Challenge] {
    headers.flatMap { header -> [Challenge] in
      var scanner = Scanner(Array(header.utf8.prefix(8 << 10)))
      var found: [Challenge] = []
      while let scheme = scanner.scheme() {
        let parameters = scanner.parameters()
        switch scheme {
        case "basic": found.append(.basic)
        case "bearer":
          if let realm = parameters["realm"] {
            found.append(.bearer(realm: realm, service: parameters["service"], scope: parameters["scope"]))
          }
        default: continue
        }
      }
      return found
    }
  }

  private struct Scanner {
    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) { self.text = text }

    mutating func scheme() -> String? {
      skip(also: UInt8(ascii: ","))
      let word = token()
      return word.isEmpty ? nil : word.lowercased()
    }

    /// `name=value` pairs up to the end or the next scheme, which is a word without `=` behind it.
    mutating func parameters() -> [String: String] {
      var found: [String: String] = [:]
      while true {
        let start = position
        skip(also: UInt8(ascii: ","))
        let name = token().lowercased()
        skip()
        guard !name.isEmpty, position < text.count, text[position] == UInt8(ascii: "=") else {
          position = name.isEmpty ? text.count : start
          return found
        }
        position += 1
        skip()
        let value = position < text.count && text[position] == UInt8(ascii: "\"") ? quoted() : token()
        if found[name] == nil { found[name] = value }
      }
    }

    private mutating func quoted() -> String {
      position += 1
      var bytes: [UInt8] = []
      while position < text.count, text[position] != UInt8(ascii: "\"") {
        if text[position] == UInt8(ascii: "\\"), position + 1 < text.count { position += 1 }
        bytes.append(text[position])
        position += 1
      }
      position = min(text.count, position + 1)
      return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func token() -> String {
      let start = position
      while position < text.count, !" \t,=\"".utf8.contains(text[position]) { position += 1 }
      return String(decoding: text[start..<position], as: UTF8.self)
    }

    private mutating func skip(also other: UInt8? = nil) {
      while position < text.count, text[position] == 32 || text[position] == 9 || text[position] == other { position += 1 }
    }
  }
}
