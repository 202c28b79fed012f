import GRDB

/// Everything this node made that outlives a call: written before it is made, removed after it is gone, compared with the kernel at
/// start.
public struct Ledger: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// A cgroup directory, by path below the cgroup v2 root.
    case cgroup
    /// A host-side network interface, by name.
    case link
    /// A podshim process, by its directory.
    case shim
    /// A mount on the host, by mount point.
    case mount
    /// A directory tree, by path.
    case directory
    /// A container's writable layer, by container id.
    case snapshot
    /// A host port mapping, by its key in the nf_tables map.
    case hostPort
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

  public func record(_ entries: [Entry]) throws(StoreError) {
    try store.transaction { transaction in try record(entries, in: transaction) }
  }

  public func record(_ entries: [Entry], in transaction: Transaction) throws {
    let statement = try transaction.db.cachedStatement(sql: "INSERT OR REPLACE INTO ledger (kind, name, owner) VALUES (?, ?, ?)")
    for entry in entries { try statement.execute(arguments: [entry.kind.rawValue, entry.name, entry.owner]) }
  }

  public func forget(_ entries: [Entry]) throws(StoreError) {
    try store.transaction { transaction in try forget(entries, in: transaction) }
  }

  public func forget(_ entries: [Entry], in transaction: Transaction) throws {
    let statement = try transaction.db.cachedStatement(sql: "DELETE FROM ledger WHERE kind = ? AND name = ?")
    for entry in entries { try statement.execute(arguments: [entry.kind.rawValue, entry.name]) }
  }

  /// Forgets everything an owner has.
  public func forget(owner: String, in transaction: Transaction) throws {
    try transaction.db.cachedStatement(sql: "DELETE FROM ledger WHERE owner = ?").execute(arguments: [owner])
  }

  /// Everything recorded, or what one owner has.
  public func entries(owner: String? = nil) throws(StoreError) -> [Entry] {
    try store.read { db in
      let rows =
        try owner.map { try Row.fetchAll(db, sql: "SELECT kind, name, owner FROM ledger WHERE owner = ?", arguments: [$0]) }
        ?? Row.fetchAll(db, sql: "SELECT kind, name, owner FROM ledger")
      return rows.compactMap { row in Kind(rawValue: row["kind"]).map { Entry($0, row["name"], owner: row["owner"]) } }
    }
  }
}
