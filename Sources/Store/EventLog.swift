/// What happened on this node, as Kubernetes events: kept on disk, bounded in number and size, repeated events counted instead of repeated.
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

  /// Rows kept, and up to `slack` more; the oldest go first. A repeated event has one row, however often it repeats.
  public static let capacity = 10_000
  /// How often the oldest rows are looked for: counting them for each event would cost more than the event.
  static let slack = 64
  /// Longest text of an entry, bytes. Source: Kubernetes, `NoteLengthLimit` of events.k8s.io.
  public static let textLimit = 1024

  private let store: Store
  private let capacity: Int
  public init(in store: Store, capacity: Int = capacity) {
    self.store = store
    self.capacity = capacity
  }

  // MARK: In a transaction

  /// Adds an event, or counts it when the same one (type, reason, object, field, message) is already there: then it moves to the end.
  /// Longer texts than `textLimit` are cut.
  @discardableResult
  public func record(
    type: String, reason: String, namespace: String, name: String, uid: String, field: String = "", message: String, at now: Int64,
    in transaction: Transaction
  ) throws -> Entry {
    var entry = Entry(
      sequence: 0, type: Self.cut(type), reason: Self.cut(reason), namespace: Self.cut(namespace), name: Self.cut(name),
      uid: Self.cut(uid), field: Self.cut(field), message: Self.cut(message), count: 1, first: now, last: now)
    let digest = [entry.type, entry.reason, entry.namespace, entry.name, entry.uid, entry.field, entry.message]
      .joined(separator: "\u{1f}")
    let connection = transaction.connection
    let old = try connection.query("SELECT sequence, count, first FROM event WHERE digest = ?", .text(digest)) {
      (sequence: $0.integer(0), count: Int($0.integer(1)), first: $0.integer(2))
    }.first
    if let old {
      try connection.execute("DELETE FROM event WHERE sequence = ?", .integer(old.sequence))
      entry.count = old.count + 1
      entry.first = old.first
    }
    try connection.execute(
      """
      INSERT INTO event (digest, type, reason, namespace, name, uid, field, message, count, first, last)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """, .text(digest), .text(entry.type), .text(entry.reason), .text(entry.namespace), .text(entry.name), .text(entry.uid),
      .text(entry.field), .text(entry.message), .integer(Int64(entry.count)), .integer(entry.first), .integer(entry.last))
    entry.sequence = connection.lastInsertedRow
    if entry.sequence % Int64(Self.slack) == 0 {
      try connection.execute(
        "DELETE FROM event WHERE sequence <= (SELECT sequence FROM event ORDER BY sequence DESC LIMIT 1 OFFSET ?)",
        .integer(Int64(capacity)))
    }
    return entry
  }

  /// Events after a sequence number, oldest first, at most `limit`: the rest is asked for after the last of them.
  public func list(after sequence: Int64 = 0, limit: Int = .max, in transaction: Transaction) throws -> [Entry] {
    try transaction.connection.query(
      """
      SELECT sequence, type, reason, namespace, name, uid, field, message, count, first, last
      FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?
      """, .integer(sequence), .integer(Int64(limit))
    ) { row in
      Entry(
        sequence: row.integer(0), type: row.text(1), reason: row.text(2), namespace: row.text(3), name: row.text(4),
        uid: row.text(5),
        field: row.text(6), message: row.text(7), count: Int(row.integer(8)), first: row.integer(9), last: row.integer(10))
    }
  }

  /// At most `textLimit` bytes, no character torn.
  static func cut(_ text: String) -> String {
    guard text.utf8.count > textLimit else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: textLimit - 3)
    while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return text[..<end] + "..."
  }

  // MARK: Alone, on the calling thread

  @discardableResult
  public func record(
    type: String, reason: String, namespace: String, name: String, uid: String, field: String = "", message: String, at now: Int64
  ) throws(StoreError) -> Entry {
    try store.transaction { transaction in
      try record(
        type: type, reason: reason, namespace: namespace, name: name, uid: uid, field: field, message: message, at: now,
        in: transaction)
    }
  }

  public func list(after sequence: Int64 = 0) throws(StoreError) -> [Entry] {
    try store.readNow { try list(after: sequence, in: $0) }
  }
}
