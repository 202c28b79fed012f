import NIOCore

/// The text of `grpc-timeout`: at most eight digits and a unit. Source: grpc/doc/PROTOCOL-HTTP2.md, "Timeout".
enum CallTimeout {
  private static let units: [(letter: Character, nanoseconds: Int64)] = [
    ("n", 1), ("u", 1000), ("m", 1_000_000), ("S", 1_000_000_000), ("M", 60_000_000_000), ("H", 3_600_000_000_000),
  ]

  /// 100 years.
  static let longest = Duration.seconds(100 * 365 * 24 * 3600)

  /// Rounded up to the finest unit in which it has eight digits; less than nothing becomes `0n`.
  static func encode(_ timeout: TimeAmount) -> String {
    let nanoseconds = max(0, timeout.nanoseconds)
    for unit in units {
      let count = nanoseconds / unit.nanoseconds + (nanoseconds % unit.nanoseconds == 0 ? 0 : 1)
      if count <= 99_999_999 { return "\(count)\(unit.letter)" }
    }
    return "99999999H"
  }

  /// nil when the text is no timeout. Clamped to 100 years.
  static func decode(_ text: String) -> TimeAmount? {
    guard let letter = text.last, let unit = units.first(where: { $0.letter == letter }) else { return nil }
    let digits = text.dropLast()
    guard !digits.isEmpty, digits.utf8.count <= 8, digits.allSatisfy(\.isASCIIDigit), let count = Int64(digits) else { return nil }
    let (nanoseconds, overflow) = count.multipliedReportingOverflow(by: unit.nanoseconds)
    let century: Int64 = 100 * 365 * 24 * 3_600_000_000_000
    return .nanoseconds(overflow ? century : min(nanoseconds, century))
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
