extension Quantity {
  /// `<sign>digits[.digits]<suffix>`; suffix: nothing, n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or e/E and a decimal exponent.
  /// Source: k8s.io/apimachinery resource.Quantity, the grammar in its doc comment. `nil` for anything else.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    var index = 0
    var negative = false
    if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
      negative = bytes[index] == UInt8(ascii: "-")
      index += 1
    }
    var mantissa = Mantissa()
    var digits = 0
    var fraction = false
    scan: while index < bytes.count {
      switch bytes[index] {
      case 48...57:
        mantissa.append(bytes[index] - 48, fraction: fraction)
        digits += 1
      case UInt8(ascii: ".") where !fraction: fraction = true
      default: break scan
      }
      index += 1
    }
    guard digits > 0, let suffix = Suffix(bytes[index...]) else { return nil }
    let amount = mantissa.nanos(suffix)
    self.init(nanos: negative ? -amount : amount, format: suffix.format)
  }

  /// What follows the digits, as powers of two and ten.
  private struct Suffix {
    var binary = 0
    var decimal = 0
    var format = Format.decimalSI

    init?(_ bytes: ArraySlice<UInt8>) {
      let text = String(decoding: bytes, as: UTF8.self)
      if let index = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"].firstIndex(of: text) {
        decimal = index * 3 - 9
      } else if let index = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].firstIndex(of: text) {
        binary = (index + 1) * 10
        format = .binarySI
      } else if text.first == "e" || text.first == "E", text.utf8.count <= 12, let exponent = Int(text.dropFirst()) {
        decimal = min(max(exponent, -1000), 1000)
        format = .decimalExponent
      } else {
        return nil
      }
    }
  }

  /// Significant digits, at most 19 (so that 2^60 times them fits 128 bits) or 28 without a binary suffix; what is cut only rounds up.
  private struct Mantissa {
    private var digits: [UInt8] = []
    private var scale = 0

    mutating func append(_ digit: UInt8, fraction: Bool) {
      if digits.isEmpty, digit == 0 {
        if fraction { scale -= 1 }
        return
      }
      digits.append(digit)
      if fraction { scale -= 1 }
    }

    func nanos(_ suffix: Suffix) -> Int128 {
      let kept = digits.prefix(suffix.binary > 0 ? 19 : 28)
      let cut = digits.dropFirst(kept.count)
      let most = Int128.max / 2
      var amount = kept.reduce(Int128(0)) { $0 * 10 + Int128($1) } << Int128(suffix.binary)
      if amount == 0 { return 0 }
      var power = scale + cut.count + suffix.decimal + 9
      var inexact = cut.contains { $0 != 0 }
      while power > 0 {
        if amount > most / 10 { return most }
        amount *= 10
        power -= 1
      }
      while power < 0, amount > 0 {
        if amount % 10 != 0 { inexact = true }
        amount /= 10
        power += 1
      }
      return inexact ? amount + 1 : amount
    }
  }
}
