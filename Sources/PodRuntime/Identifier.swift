/// Makes ids and finds objects by id prefix.
enum Identifier {
  /// 32 random bytes as 64 hex digits.
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<4).map { _ in
      let word = String(generator.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - word.count) + word
    }.joined()
  }

  enum Match<Value> {
    case none
    case one(Value)
    case many
  }

  /// The value whose key is `text`, or the only one whose key starts with it.
  static func match<Value>(_ text: String, in values: some Sequence<(key: String, value: Value)>) -> Match<Value> {
    var found: Value?
    for (key, value) in values {
      if key == text { return .one(value) }
      if !text.isEmpty, key.hasPrefix(text) {
        if found != nil { return .many }
        found = value
      }
    }
    return found.map { .one($0) } ?? .none
  }
}
