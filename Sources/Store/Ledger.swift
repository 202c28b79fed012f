/// Mounts on the host that outlive a call: written before they are made, removed after they are gone, compared with the kernel at start.
/// What else the node makes has its record beside it.
public struct Ledger: Sendable {
  /// The words are on disk. A word of an older or newer version is left alone.
  public enum Kind: String, Sendable, CaseIterable {
    /// By mount point.
    case mount
  }

  public struct Entry: Equatable, Hashable, Sendable {
    public let kind: Kind
    public let name: String
    /// The sandbox, container or pod it belongs to.
    public let owner: String
    public init(_ kind: Kind, _ name: String, owner: String) {
      self.kind = kind
      self.name = name
      self.owner = owner
    }
  }

  private let store: Store
  public init(in store: Store) { self.store = store }

  // MARK: In a transaction

  public func record(_ entries: [Entry], in transaction: Transaction) throws {
    for entry in entries {
      try transaction.connection.execute(
        "INSERT OR REPLACE INTO ledger (kind, name, owner) VALUES (?, ?, ?)", .text(entry.kind.rawValue), .text(entry.name),
        .text(entry.owner))
    }
  }

  public func forget(_ entries: [Entry], in transaction: Transaction) throws {
    for entry in entries {
      try transaction.connection.execute(
        "DELETE FROM ledger WHERE kind = ? AND name = ?", .text(entry.kind.rawValue), .text(entry.name))
    }
  }

  /// Forgets everything an owner has.
  public func forget(owner: String, in transaction: Transaction) throws {
    try transaction.connection.execute("DELETE FROM ledger WHERE owner = ?", .text(owner))
  }

  /// Everything recorded, or what one owner has. A kind that only a newer version knows is left out.
  public func entries(owner: String? = nil, in transaction: Transaction) throws -> [Entry] {
    let rows =
      try owner.map {
        try transaction.connection.query("SELECT kind, name, owner FROM ledger WHERE owner = ?", .text($0), row: entry)
      } ?? transaction.connection.query("SELECT kind, name, owner FROM ledger", row: entry)
    return rows.compactMap { $0 }
  }

  private func entry(_ row: SQLRow) -> Entry? {
    Kind(rawValue: row.text(0)).map { Entry($0, row.text(1), owner: row.text(2)) }
  }

  // MARK: Alone, on the calling thread

  public func record(_ entries: [Entry]) throws(StoreError) { try store.transaction { try record(entries, in: $0) } }

  public func forget(_ entries: [Entry]) throws(StoreError) { try store.transaction { try forget(entries, in: $0) } }

  public func entries(owner: String? = nil) throws(StoreError) -> [Entry] {
    try store.readNow { try entries(owner: owner, in: $0) }
  }
}
