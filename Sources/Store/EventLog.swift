import GRDB

/// What happened on this node, as Kubernetes events: kept on disk, bounded, repeated events counted instead of repeated.
public struct EventLog: Sendable {
  public struct Entry: Equatable, Codable, Sendable {
    /// Grows by one for each new or repeated event; `list(after:)` takes it.
    public var sequence: Int64
    /// `Normal` or `Warning`.
    public var type: String
    public var reason: String
    public var namespace: String
    public var name: String
    public var uid: String
    /// `spec.containers{name}` or empty.
    public var field: String
    public var message: String
    public var count: Int
    /// CLOCK_REALTIME nanoseconds.
    public var first: Int64
    public var last: Int64
  }

  /// Rows kept; the oldest go first.
  public static let capacity = 10_000
  private let store: Store
  public init(in store: Store) { self.store = store }

  /// Adds an event, or counts it when the same one (type, reason, object, field, message) is already there: then it moves to the end.
  @discardableResult
  public func record(
    type: String, reason: String, namespace: String, name: String, uid: String, field: String = "", message: String, at now: Int64
  ) throws(StoreError) -> Entry {
    let digest = [type, reason, namespace, name, uid, field, message].joined(separator: "\u{1f}")
    return try store.transaction { transaction in
      let db = transaction.db
      let old = try Row.fetchOne(
        db.cachedStatement(sql: "SELECT sequence, count, first FROM event WHERE digest = ?"), arguments: [digest])
      if let old {
        try db.cachedStatement(sql: "DELETE FROM event WHERE sequence = ?").execute(arguments: [old["sequence"] as Int64])
      }
      let count = (old?["count"] ?? 0) + 1
      let first: Int64 = old?["first"] ?? now
      try db.cachedStatement(
        sql: """
          INSERT INTO event (digest, type, reason, namespace, name, uid, field, message, count, first, last)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """
      ).execute(arguments: [digest, type, reason, namespace, name, uid, field, message, count, first, now])
      let sequence = db.lastInsertedRowID
      try db.cachedStatement(sql: "DELETE FROM event WHERE sequence <= ?").execute(arguments: [sequence - Int64(Self.capacity)])
      return Entry(
        sequence: sequence, type: type, reason: reason, namespace: namespace, name: name, uid: uid, field: field, message: message,
        count: count, first: first, last: now)
    }
  }

  /// Events after a sequence number, oldest first.
  public func list(after sequence: Int64 = 0) throws(StoreError) -> [Entry] {
    try store.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM event WHERE sequence > ? ORDER BY sequence", arguments: [sequence]).map { row in
        Entry(
          sequence: row["sequence"], type: row["type"], reason: row["reason"], namespace: row["namespace"], name: row["name"],
          uid: row["uid"], field: row["field"], message: row["message"], count: row["count"], first: row["first"],
          last: row["last"])
      }
    }
  }
}
