/// Makes ids and finds objects by id prefix.
enum Identifier {
  static let length = 64

  /// 32 random bytes as 64 hex digits.
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<4).map { _ in
      let word = String(generator.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - word.count) + word
    }.joined()
  }

  static func isWhole(_ text: some StringProtocol) -> Bool {
    text.utf8.count == length && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  enum Match<Value> {
    case none
    case one(Value)
    case many
  }

  /// The value whose id is `text`, or the only one whose id starts with it. A whole id is looked up, not searched.
  static func match<ID: Hashable, Value>(
    _ text: String, in values: [ID: Value], id: (String) -> ID, text textOf: (ID) -> String
  ) -> Match<Value> {
    if let value = values[id(text)] { return .one(value) }
    guard !text.isEmpty, text.utf8.count < length else { return .none }
    var found: Value?
    for (key, value) in values where textOf(key).hasPrefix(text) {
      if found != nil { return .many }
      found = value
    }
    return found.map { .one($0) } ?? .none
  }
}
