internal import YAML

/// What a scalar means to Kubernetes, which reads YAML 1.1 as go-yaml does: `yes` is a boolean, `0644` is octal.
enum YAMLScalar: Equatable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)

  init(_ scalar: YAMLNode.Scalar) {
    let text = scalar.string
    switch scalar.tag {
    case "tag:yaml.org,2002:str", "!": self = .string(text)
    case _ where scalar.style != .plain: self = .string(text)
    default: self = YAMLScalar.resolve(text)
    }
  }

  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .int, .double: "a number"
    case .string: "a string"
    }
  }

  private static func resolve(_ text: String) -> YAMLScalar {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON": return .bool(true)
    case "false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF": return .bool(false)
    default: break
    }
    guard let first = text.utf8.first, (48...57).contains(first) || "+-.".utf8.contains(first), text.utf8.count <= 64 else {
      return .string(text)
    }
    let plain = text.filter { $0 != "_" }
    if let number = integer(plain) { return .int(number) }
    let digits = plain.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
    if digits, plain.utf8.contains(where: { (48...57).contains($0) }),
      let number = Double(plain.hasSuffix(".") ? plain + "0" : plain),
      number.isFinite
    {
      return .double(number)
    }
    return .string(text)
  }

  private static func integer(_ text: String) -> Int? {
    var digits = text[...]
    let negative = digits.hasPrefix("-")
    if negative || digits.hasPrefix("+") { digits = digits.dropFirst() }
    guard let first = digits.utf8.first, (48...57).contains(first) else { return nil }
    let sign = negative ? "-" : ""
    let prefix = digits.prefix(2).lowercased()
    switch prefix {
    case "0x": return Int(sign + digits.dropFirst(2), radix: 16)
    case "0o": return Int(sign + digits.dropFirst(2), radix: 8)
    case "0b": return Int(sign + digits.dropFirst(2), radix: 2)
    default: return digits.count > 1 && first == 48 ? Int(sign + digits, radix: 8) : Int(sign + digits)
    }
  }
}
