/// Any JSON value as it was written: fields keep their order and numbers their digits. What this project does not know goes to plugins
/// unchanged.
public enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSON])
  case object([Field])

  public struct Field: Equatable, Sendable {
    public var name: String
    public var value: JSON

    public init(name: String, value: JSON) { (self.name, self.value) = (name, value) }
  }

  public static func object(_ fields: (String, JSON?)...) -> JSON {
    .object(fields.compactMap { name, value in value.map { Field(name: name, value: $0) } })
  }
  public static func number(_ value: some BinaryInteger) -> JSON { .number("\(value)") }
  public static func strings(_ values: [String]) -> JSON { .array(values.map { .string($0) }) }

  /// Of a field that is there twice the last.
  public subscript(name: String) -> JSON? {
    guard case .object(let fields) = self else { return nil }
    return fields.last { $0.name == name }?.value
  }

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
  public var int: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }
  /// Of any type but these: nil. Plugins' configurations write flags as text, too.
  public var flag: Bool? {
    switch self {
    case .bool(let value): value
    case .string(let text) where text.lowercased() == "true": true
    case .string(let text) where text.lowercased() == "false": false
    default: nil
    }
  }

  /// An object with these fields in place of those of the same names, behind the others.
  public func with(_ changes: (String, JSON?)...) -> JSON {
    guard case .object(let fields) = self else { return self }
    let kept = fields.filter { field in !changes.contains { $0.0 == field.name } }
    return .object(kept + changes.compactMap { name, value in value.map { Field(name: name, value: $0) } })
  }

  // MARK: Text

  /// Without spaces and line ends.
  public var text: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let digits): text += digits
    case .string(let value): Self.quote(value, &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += "," }
        value.write(to: &text)
      }
      text += "]"
    case .object(let fields):
      text += "{"
      for (index, field) in fields.enumerated() {
        if index > 0 { text += "," }
        Self.quote(field.name, &text)
        text += ":"
        field.value.write(to: &text)
      }
      text += "}"
    }
  }

  private static func quote(_ value: String, _ text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
