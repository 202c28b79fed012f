/// `$(NAME)` references in commands, arguments and environment values. Source: Kubernetes third_party/forked/golang/expansion.
enum Expansion {
  /// A reference without a value stays as it is; `$$` is one `$` and ends a reference.
  static func expand(_ text: String, _ values: [String: String]) -> String {
    guard text.contains("$") else { return text }
    var result = ""
    var rest = Substring(text)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "$" {
        result += "$"
        rest.removeFirst()
      } else if rest.first == "(", let close = rest.firstIndex(of: ")") {
        let name = String(rest[rest.index(after: rest.startIndex)..<close])
        result += values[name] ?? "$(\(name))"
        rest = rest[rest.index(after: close)...]
      } else {
        result += "$"
      }
    }
    return result + rest
  }
}
