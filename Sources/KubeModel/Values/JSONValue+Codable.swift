internal import FoundationEssentials

extension JSONValue {
  /// The JSON that `value` encodes to.
  public init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
  }

  /// Reads JSON text (RFC 8259).
  public init(parsing text: String) throws { self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) }

  /// The typed value that this JSON describes; unknown fields are ignored.
  public func decode<T: Decodable>(_ type: T.Type) throws -> T { try JSONDecoder().decode(type, from: Data(text.utf8)) }
}
