internal import Glibc

/// `$(NAME)` references in commands, arguments and environment values. Source: Kubernetes third_party/forked/golang/expansion.
enum Expansion {
  /// A text that grew beyond what the kernel hands to a program.
  struct TooLong: Error, CustomStringConvertible {
    let limit: Int
    var description: String { "expands to more than \(limit) bytes, the most that the kernel passes to a program" }
  }

  /// Bytes of one argument or `NAME=VALUE` with its final zero: MAX_ARG_STRLEN. Source: execve(2).
  static let maximumLength = 32 * Int(getpagesize())
  /// Bytes of all arguments and the environment: a quarter of the default stack limit. Source: execve(2).
  static let maximumTotal = 2 << 20

  /// A reference without a value stays as it is; `$$` is one `$` and ends a reference. Growth is bounded: ten references to a value ten
  /// times in a row are a text of gigabytes.
  /// - Parameter onMissing: gets the name of each reference without a value.
  static func expand(
    _ text: String, _ values: [String: String], onMissing: (String) -> Void = { _ in }
  ) throws(TooLong) -> String {
    var result = ""
    var rest = Substring(text)
    func append(_ part: some StringProtocol) throws(TooLong) {
      if result.utf8.count + part.utf8.count >= maximumLength { throw TooLong(limit: maximumLength) }
      result += part
    }
    while let dollar = rest.utf8.firstIndex(of: UInt8(ascii: "$")) {
      try append(rest[..<dollar])
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "$" {
        try append("$")
        rest.removeFirst()
      } else if rest.first == "(", let close = rest.firstIndex(of: ")") {
        let name = String(rest[rest.index(after: rest.startIndex)..<close])
        if values[name] == nil { onMissing(name) }
        try append(values[name] ?? "$(\(name))")
        rest = rest[rest.index(after: close)...]
      } else {
        try append("$")
      }
    }
    try append(rest)
    return result
  }
}
