/// A span of time as Go writes it in JSON: `1m30s`, `100ms`, `0s`.
public struct KubeDuration: Codable, Hashable, Sendable, CustomStringConvertible {
  public var nanoseconds: Int

  public init(nanoseconds: Int) { self.nanoseconds = nanoseconds }
  public init(seconds: Int) { nanoseconds = Int(clamping: Int128(seconds) * 1_000_000_000) }

  public var duration: Duration { .nanoseconds(nanoseconds) }

  /// Go's time.ParseDuration: `[+-](number unit)...`, units ns us µs ms s m h; `0` alone is allowed. `nil` for anything else or overflow.
  public init?(_ text: String) {
    var rest = Array(text.utf8)[...]
    let negative = rest.first == UInt8(ascii: "-")
    if negative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    if rest.elementsEqual("0".utf8) {
      nanoseconds = 0
      return
    }
    var total = 0.0
    var whole = 0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let number = rest.prefix { 48...57 ~= $0 || $0 == UInt8(ascii: ".") }
      rest = rest.dropFirst(number.count)
      let unit = rest.prefix { !(48...57 ~= $0) && $0 != UInt8(ascii: ".") }
      rest = rest.dropFirst(unit.count)
      let scales = [
        "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
        "h": 3_600_000_000_000,
      ]
      guard let scale = scales[String(decoding: unit, as: UTF8.self)] else { return nil }
      let digits = String(decoding: number, as: UTF8.self)
      if let value = Int(digits) {
        let (product, overflow) = value.multipliedReportingOverflow(by: scale)
        let (sum, overflowed) = whole.addingReportingOverflow(product)
        if overflow || overflowed { return nil }
        whole = sum
      } else {
        let padded = (digits.hasPrefix(".") ? "0" : "") + digits + (digits.hasSuffix(".") ? "0" : "")
        guard digits != ".", let value = Double(padded) else { return nil }
        total += value * Double(scale)
      }
    }
    guard total < 9e18, let sum = Int(exactly: total.rounded()).map({ whole.addingReportingOverflow($0) }), !sum.overflow else {
      return nil
    }
    nanoseconds = negative ? -sum.partialValue : sum.partialValue
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = KubeDuration(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a duration")
    }
    self = value
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  public var description: String {
    if nanoseconds == 0 { return "0s" }
    let sign = nanoseconds < 0 ? "-" : ""
    let all = nanoseconds.magnitude
    func fraction(_ value: UInt, _ unit: UInt) -> String {
      if value % unit == 0 { return "\(value / unit)" }
      var digits = String(value % unit + unit).dropFirst()
      while digits.hasSuffix("0") { digits = digits.dropLast() }
      return "\(value / unit).\(digits)"
    }
    if all < 1000 { return "\(sign)\(all)ns" }
    if all < 1_000_000 { return "\(sign)\(fraction(all, 1000))µs" }
    if all < 1_000_000_000 { return "\(sign)\(fraction(all, 1_000_000))ms" }
    let minutes = all / 60_000_000_000
    let seconds = fraction(all % 60_000_000_000, 1_000_000_000) + "s"
    if minutes == 0 { return sign + seconds }
    return minutes < 60 ? "\(sign)\(minutes)m\(seconds)" : "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
  }
}
