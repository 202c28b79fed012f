/// Adds amounts up and takes them away again, exactly: a sum that was clipped could not be taken apart.
public struct QuantitySum: Sendable, Equatable {
  /// Far more than any node's pods can ask for: 2^34 of the largest quantity.
  private var nanos: Int128 = 0

  public init() {}

  public mutating func add(_ amount: Quantity) { nanos += amount.nanos }
  public mutating func subtract(_ amount: Quantity) { nanos -= amount.nanos }

  /// Clipped at 2^63-1.
  public var total: Quantity { Quantity(nanos: nanos, format: .decimalSI) }
}
