import FoundationEssentials

/// Records of one kind, kept as JSON documents (see `Documents` for id, key and parent).
public struct Collection<Value: Codable & Sendable>: Sendable {
  private let documents: Documents
  /// The kind, as stored; never changes for a released collection.
  public var kind: String { documents.kind }

  public init(_ kind: String, in store: Store) { documents = Documents(kind, in: store) }

  /// Inserts or replaces. Throws `.conflict` when another id has `key`.
  public func put(_ value: Value, id: String, key: String? = nil, parent: String = "") throws(StoreError) {
    try documents.put(id: id, key: key, parent: parent, bytes: try encode(value, id: id))
  }

  /// The same inside a transaction.
  public func put(_ value: Value, id: String, key: String? = nil, parent: String = "", in transaction: Transaction) throws {
    try documents.put(id: id, key: key, parent: parent, bytes: try encode(value, id: id), in: transaction)
  }

  public func get(_ id: String) throws(StoreError) -> Value? {
    guard let row = try documents.get(id) else { return nil }
    return try decode(row)
  }

  public func find(key: String) throws(StoreError) -> Value? {
    guard let row = try documents.find(key: key) else { return nil }
    return try decode(row)
  }

  /// Every record, or those of one parent, ordered by id. A record that cannot be decoded is an error: nothing is dropped silently.
  public func all(parent: String? = nil) throws(StoreError) -> [Value] {
    var values: [Value] = []
    for row in try documents.all(parent: parent) { values.append(try decode(row)) }
    return values
  }

  /// Removes a record; no effect when absent.
  public func remove(_ id: String) throws(StoreError) { try documents.remove(id) }

  public func remove(_ id: String, in transaction: Transaction) throws { try documents.remove(id, in: transaction) }

  private func encode(_ value: Value, id: String) throws(StoreError) -> [UInt8] {
    do { return Array(try JSONEncoder().encode(value)) } catch {
      throw StoreError(.database, "\(kind) record \(id) cannot be written as JSON", cause: error)
    }
  }

  private func decode(_ row: Documents.Row) throws(StoreError) -> Value {
    do { return try JSONDecoder().decode(Value.self, from: Data(row.bytes)) } catch {
      throw StoreError(.corruptRow, "\(kind) record \(row.id) cannot be read", cause: error)
    }
  }
}
