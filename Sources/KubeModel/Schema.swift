/// What the Kubernetes API says about each type's fields; parsed once from `Schema.table` on first use.
public enum Schema {
  /// The shape of a field.
  public indirect enum Shape: Equatable, Sendable {
    case string, boolean, int32, int64, bytes, quantity, time, duration, double, intOrString, any
    case array(Shape)
    case map(Shape)
    case object(String)
  }

  public struct Field: Equatable, Sendable {
    public let shape: Shape
    public let isRequired: Bool
  }

  /// Type name -> field name -> field.
  public static let types = parse(table)

  /// Type name -> field name -> field, from lines like those of the table.
  static func parse(_ table: String) -> [String: [String: Field]] {
    var types: [String: [String: Field]] = [:]
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let name = words.first else { continue }
      var fields: [String: Field] = [:]
      for word in words.dropFirst() {
        guard let colon = word.firstIndex(of: ":") else { continue }
        let field = word[..<colon]
        let shape = shape(word[word.index(after: colon)...])
        fields[String(field.hasSuffix("?") ? field.dropLast() : field)] = Field(shape: shape, isRequired: !field.hasSuffix("?"))
      }
      types[String(name)] = fields
    }
    return types
  }

  private static func shape(_ text: Substring) -> Shape {
    if text.hasPrefix("[") { return .array(shape(text.dropFirst().dropLast())) }
    if text.hasPrefix("map<string,") { return .map(shape(text.dropFirst("map<string,".count).dropLast())) }
    switch text {
    case "string": return .string
    case "boolean": return .boolean
    case "integer:int32": return .int32
    case "integer:int64": return .int64
    case "string:byte": return .bytes
    case "Quantity": return .quantity
    case "Time", "MicroTime": return .time
    case "Duration": return .duration
    case "number": return .double
    case "IntOrString": return .intOrString
    case "FieldsV1", "RawExtension": return .any
    default: return .object(String(text))
    }
  }
}
