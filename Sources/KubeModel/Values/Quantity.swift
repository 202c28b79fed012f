/// An exact amount of a resource (Kubernetes resource.Quantity): a decimal with nine places, at most 2^63-1.
/// Finer values are rounded away from zero and larger ones are clipped, as Kubernetes does. Equality is of the amount, not of the notation.
public struct Quantity: Sendable, CustomStringConvertible {
  public enum Format: Sendable { case decimalSI, binarySI, decimalExponent }

  /// Thousand-millionths.
  let nanos: Int128
  public let format: Format

  init(nanos: Int128, format: Format) {
    self.nanos = min(max(nanos, -Quantity.limit), Quantity.limit)
    self.format = format
  }

  public init(_ value: Int, format: Format = .decimalSI) { self.init(nanos: Int128(value) * Quantity.one, format: format) }

  /// Thousandths: `Quantity(milli: 250)` is `250m`.
  public init(milli: Int) { self.init(nanos: Int128(milli) * 1_000_000, format: .decimalSI) }

  static let one: Int128 = 1_000_000_000
  private static let limit = Int128(Int64.max) * one

  /// Whole units, rounded up as Kubernetes' `Value()`.
  public var value: Int { Int(truncatingIfNeeded: Quantity.roundedUp(nanos, by: Quantity.one)) }
  /// Thousandths, rounded up as Kubernetes' `MilliValue()`; clipped to `Int`.
  public var milliValue: Int { Int(clamping: Quantity.roundedUp(nanos, by: 1_000_000)) }
  public var isZero: Bool { nanos == 0 }
  public var isWhole: Bool { nanos % Quantity.one == 0 }

  public static func + (left: Quantity, right: Quantity) -> Quantity {
    Quantity(nanos: left.nanos + right.nanos, format: left.isZero ? right.format : left.format)
  }
  public static func - (left: Quantity, right: Quantity) -> Quantity {
    Quantity(nanos: left.nanos - right.nanos, format: left.isZero ? right.format : left.format)
  }

  /// Divides and rounds up, away from zero.
  static func roundedUp(_ amount: Int128, by unit: Int128) -> Int128 {
    let (quotient, remainder) = amount.quotientAndRemainder(dividingBy: unit)
    return remainder == 0 ? quotient : quotient + (amount < 0 ? -1 : 1)
  }

  /// The canonical form: no fraction, the largest suffix that divides exactly. What a binary suffix cannot say exactly is decimal.
  /// Source: `Quantity.CanonicalizeBytes` of k8s.io/apimachinery.
  public var description: String {
    if nanos == 0 { return "0" }
    if format == .binarySI, isWhole, nanos.magnitude >= (1024 * Quantity.one).magnitude {
      var amount = nanos / Quantity.one
      var suffix = 0
      while suffix < 6, amount % 1024 == 0 {
        amount /= 1024
        suffix += 1
      }
      return "\(amount)" + ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][suffix]
    }
    var amount = nanos
    var exponent = -9
    while exponent < 18, amount % 1000 == 0 {
      amount /= 1000
      exponent += 3
    }
    if format == .decimalExponent { return exponent == 0 ? "\(amount)" : "\(amount)e\(exponent)" }
    return "\(amount)" + ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][(exponent + 9) / 3]
  }
}

extension Quantity: Hashable, Comparable {
  public static func == (left: Quantity, right: Quantity) -> Bool { left.nanos == right.nanos }
  public static func < (left: Quantity, right: Quantity) -> Bool { left.nanos < right.nanos }
  public func hash(into hasher: inout Hasher) { hasher.combine(nanos) }
}

extension Quantity: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int) { self.init(value) }
}

extension Quantity: Codable {
  /// JSON carries text; a bare number is accepted, as Kubernetes does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text: String
    if let string = try? container.decode(String.self) {
      text = string
    } else if let number = try? container.decode(Int.self) {
      text = "\(number)"
    } else {
      text = "\(try container.decode(Double.self))"
    }
    guard let value = Quantity(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a quantity: \(text)")
    }
    self = value
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
