package import RuntimeAPI
package import SwiftProtobuf

/// The value with the message's number.
/// - Throws: `.invalidArgument` naming `field` when this version does not know the number.
package func enumeration<Value: RawRepresentable<Int32>>(
  _ message: some SwiftProtobuf.Enum, _ field: String, as type: Value.Type = Value.self
) throws(RuntimeError) -> Value {
  guard let number = Int32(exactly: message.rawValue), let value = Value(rawValue: number) else {
    throw RuntimeError(.invalidArgument, "\(field): unknown value \(message.rawValue)")
  }
  return value
}

package func enumeration<Message: SwiftProtobuf.Enum>(_ value: some RawRepresentable<Int32>) -> Message {
  Message(rawValue: Int(value.rawValue)) ?? Message()
}

/// `map` with a typed error.
package func mapped<Element, Result>(
  _ elements: [Element], _ transform: (Element) throws(RuntimeError) -> Result
) throws(RuntimeError) -> [Result] {
  var results: [Result] = []
  results.reserveCapacity(elements.count)
  for element in elements { results.append(try transform(element)) }
  return results
}
