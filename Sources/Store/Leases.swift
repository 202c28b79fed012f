import GRDB

/// Address leases: which owner (sandbox id) holds which address of a pool. A primary key makes double allocation impossible.
public struct Leases: Sendable {
  private let store: Store
  public init(in store: Store) { self.store = store }

  /// Records a lease; throws `.conflict` when the address is taken.
  public func insert(pool: String, address: String, owner: String) throws(StoreError) {
    try store.transaction { transaction in
      try transaction.db.cachedStatement(sql: "INSERT INTO lease (pool, address, owner) VALUES (?, ?, ?)")
        .execute(arguments: [pool, address, owner])
    }
  }

  /// Every address in use in a pool with its owner.
  public func all(pool: String) throws(StoreError) -> [String: String] {
    try store.read { db in
      Dictionary(
        uniqueKeysWithValues: try Row.fetchAll(db, sql: "SELECT address, owner FROM lease WHERE pool = ?", arguments: [pool])
          .map { ($0["address"], $0["owner"]) })
    }
  }

  /// Releases what an owner holds in every pool; returns how many leases there were (0 on a second call).
  @discardableResult
  public func release(owner: String) throws(StoreError) -> Int {
    try store.transaction { transaction in
      try transaction.db.cachedStatement(sql: "DELETE FROM lease WHERE owner = ?").execute(arguments: [owner])
      return transaction.db.changesCount
    }
  }
}
