/// Address leases: which owner (sandbox id) holds which address of a pool. A primary key makes double allocation impossible.
public struct Leases: Sendable {
  private let store: Store
  public init(in store: Store) { self.store = store }

  // MARK: In a transaction

  /// Records a lease; the transaction ends with `.conflict` when the address is taken.
  public func insert(pool: String, address: String, owner: String, in transaction: Transaction) throws {
    try transaction.connection.execute(
      "INSERT INTO lease (pool, address, owner) VALUES (?, ?, ?)", .text(pool), .text(address), .text(owner))
  }

  /// Every address in use in a pool with its owner.
  public func all(pool: String, in transaction: Transaction) throws -> [String: String] {
    let rows = try transaction.connection.query("SELECT address, owner FROM lease WHERE pool = ?", .text(pool)) {
      ($0.text(0), $0.text(1))
    }
    return Dictionary(rows) { first, _ in first }
  }

  /// Gives what one owner has to another one, in every pool; returns how many leases there were.
  @discardableResult
  public func pass(from owner: String, to newOwner: String, in transaction: Transaction) throws -> Int {
    try transaction.connection.execute("UPDATE lease SET owner = ? WHERE owner = ?", .text(newOwner), .text(owner))
    return transaction.connection.changedRows
  }

  /// Releases what an owner holds in every pool; returns how many leases there were (0 on a second call).
  @discardableResult
  public func release(owner: String, in transaction: Transaction) throws -> Int {
    try transaction.connection.execute("DELETE FROM lease WHERE owner = ?", .text(owner))
    return transaction.connection.changedRows
  }

  // MARK: Alone, on the calling thread

  /// Records a lease; throws `.conflict` when the address is taken.
  public func insert(pool: String, address: String, owner: String) throws(StoreError) {
    try store.transaction { try insert(pool: pool, address: address, owner: owner, in: $0) }
  }

  public func all(pool: String) throws(StoreError) -> [String: String] { try store.readNow { try all(pool: pool, in: $0) } }

  @discardableResult
  public func release(owner: String) throws(StoreError) -> Int { try store.transaction { try release(owner: owner, in: $0) } }
}
