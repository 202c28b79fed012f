/// Records of one kind as bytes: `id` is the primary key, `key` an optional unique name, `parent` an optional group. What the bytes mean
/// is the caller's business, also when they mean nothing.
public struct Documents: Sendable {
  public struct Row: Equatable, Sendable {
    public let id: String
    public let key: String?
    public let parent: String
    public let bytes: [UInt8]
  }

  private let store: Store
  /// The kind, as stored; never changes for a released collection.
  public let kind: String

  public init(_ kind: String, in store: Store) {
    self.kind = kind
    self.store = store
  }

  // MARK: In a transaction

  /// Inserts or replaces. Throws `.conflict` (when the transaction ends in it) when another id has `key`.
  public func put(id: String, key: String? = nil, parent: String = "", bytes: [UInt8], in transaction: Transaction) throws {
    try transaction.connection.execute(
      """
      INSERT INTO document (kind, id, key, parent, body) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (kind, id) DO UPDATE SET key = excluded.key, parent = excluded.parent, body = excluded.body
      """, .text(kind), .text(id), .optional(key), .text(parent), .blob(bytes))
  }

  /// Removes a record; no effect when absent.
  public func remove(_ id: String, in transaction: Transaction) throws {
    try transaction.connection.execute("DELETE FROM document WHERE kind = ? AND id = ?", .text(kind), .text(id))
  }

  public func get(_ id: String, in transaction: Transaction) throws -> Row? {
    try transaction.connection.query(
      "SELECT id, key, parent, body FROM document WHERE kind = ? AND id = ?", .text(kind), .text(id), row: row
    ).first
  }

  public func find(key: String, in transaction: Transaction) throws -> Row? {
    try transaction.connection.query(
      "SELECT id, key, parent, body FROM document WHERE kind = ? AND key = ?", .text(kind), .text(key), row: row
    ).first
  }

  /// Every record, or those of one parent, ordered by id.
  public func all(parent: String? = nil, in transaction: Transaction) throws -> [Row] {
    if let parent {
      return try transaction.connection.query(
        "SELECT id, key, parent, body FROM document WHERE kind = ? AND parent = ? ORDER BY id", .text(kind), .text(parent), row: row
      )
    }
    return try transaction.connection.query(
      "SELECT id, key, parent, body FROM document WHERE kind = ? ORDER BY id", .text(kind), row: row)
  }

  private func row(_ row: SQLRow) -> Row {
    Row(id: row.text(0), key: row.optionalText(1), parent: row.text(2), bytes: row.bytes(3))
  }

  // MARK: Alone, on the calling thread

  public func put(id: String, key: String? = nil, parent: String = "", bytes: [UInt8]) throws(StoreError) {
    try store.transaction { try put(id: id, key: key, parent: parent, bytes: bytes, in: $0) }
  }

  public func remove(_ id: String) throws(StoreError) { try store.transaction { try remove(id, in: $0) } }

  public func get(_ id: String) throws(StoreError) -> Row? { try store.readNow { try get(id, in: $0) } }

  public func find(key: String) throws(StoreError) -> Row? { try store.readNow { try find(key: key, in: $0) } }

  public func all(parent: String? = nil) throws(StoreError) -> [Row] { try store.readNow { try all(parent: parent, in: $0) } }
}
