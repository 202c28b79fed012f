import Foundation
import GRDB

/// Records of one kind, kept as JSON documents: `id` is the primary key, `key` an optional unique name, `parent` an optional group.
public struct Collection<Value: Codable & Sendable>: Sendable {
  private let store: Store
  /// The kind, as stored; never changes for a released collection.
  public let kind: String

  public init(_ kind: String, in store: Store) {
    self.kind = kind
    self.store = store
  }

  /// Inserts or replaces. Throws `.conflict` when another id has `key`.
  public func put(_ value: Value, id: String, key: String? = nil, parent: String = "") throws(StoreError) {
    try store.transaction { transaction in try put(value, id: id, key: key, parent: parent, in: transaction) }
  }

  /// The same inside a transaction.
  public func put(_ value: Value, id: String, key: String? = nil, parent: String = "", in transaction: Transaction) throws {
    try transaction.db.cachedStatement(
      sql: """
        INSERT INTO document (kind, id, key, parent, body) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (kind, id) DO UPDATE SET key = excluded.key, parent = excluded.parent, body = excluded.body
        """
    ).execute(arguments: [kind, id, key, parent, try JSONEncoder().encode(value)])
  }

  public func get(_ id: String) throws(StoreError) -> Value? {
    try store.read { db in
      try Data.fetchOne(db.cachedStatement(sql: "SELECT body FROM document WHERE kind = ? AND id = ?"), arguments: [kind, id])
    }.map { data throws(StoreError) in try decode(data, id: id) }
  }

  public func find(key: String) throws(StoreError) -> Value? {
    try store.read { db in
      try Data.fetchOne(db.cachedStatement(sql: "SELECT body FROM document WHERE kind = ? AND key = ?"), arguments: [kind, key])
    }.map { data throws(StoreError) in try decode(data, id: key) }
  }

  /// Every record, or those of one parent, ordered by id. A record that cannot be decoded is an error: nothing is dropped silently.
  public func all(parent: String? = nil) throws(StoreError) -> [Value] {
    let rows = try store.read { db in
      try parent.map {
        try Row.fetchAll(db, sql: "SELECT id, body FROM document WHERE kind = ? AND parent = ? ORDER BY id", arguments: [kind, $0])
      } ?? Row.fetchAll(db, sql: "SELECT id, body FROM document WHERE kind = ? ORDER BY id", arguments: [kind])
    }
    var values: [Value] = []
    for row in rows { values.append(try decode(row["body"], id: row["id"])) }
    return values
  }

  /// Removes a record; no effect when absent.
  public func remove(_ id: String) throws(StoreError) {
    try store.transaction { transaction in try remove(id, in: transaction) }
  }

  public func remove(_ id: String, in transaction: Transaction) throws {
    try transaction.db.cachedStatement(sql: "DELETE FROM document WHERE kind = ? AND id = ?").execute(arguments: [kind, id])
  }

  private func decode(_ data: Data, id: String) throws(StoreError) -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: data)
    } catch {
      throw StoreError(.corruptRow, "\(kind) record \(id) cannot be read", cause: error)
    }
  }
}
