/// Keeps a nested API object on the heap, so that a pod is a few pointers wide and cheap to copy. Immutable: a change makes a new box.
final class Box<Value: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }
  init(from decoder: any Decoder) throws { value = try Value(from: decoder) }

  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }

  static func == (left: Box, right: Box) -> Bool { left === right || left.value == right.value }
}
