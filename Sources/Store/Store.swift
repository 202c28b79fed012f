import Foundation
import GRDB

/// The node's database: one SQLite file (WAL, synchronous NORMAL: a power cut may lose the last transactions but never corrupts), one
/// connection, one writer. Every record of the agent that must survive it lives here.
///
/// Calls are synchronous and take tens of microseconds; they are safe from any task or thread.
public final class Store: Sendable {
  let queue: DatabaseQueue

  /// Opens or creates the database.
  /// - Parameter path: file path; its directory must exist. nil: in memory, for tests.
  public init(path: String?) throws(StoreError) {
    do {
      var configuration = Configuration()
      configuration.prepareDatabase { db in
        try db.execute(sql: "PRAGMA synchronous = NORMAL")
        try db.execute(sql: "PRAGMA busy_timeout = 5000")
      }
      configuration.journalMode = .wal
      configuration.maximumReaderCount = 1
      queue = try path.map { try DatabaseQueue(path: $0, configuration: configuration) } ?? DatabaseQueue()
      try Schema.migrator.migrate(queue)
    } catch {
      throw StoreError(
        .cannotOpen, "cannot open the database \(path ?? "(memory)"); move it away to start with an empty one", cause: error)
    }
  }

  /// Runs several writes as one transaction.
  public func transaction<R>(_ body: (Transaction) throws -> R) throws(StoreError) -> R {
    do {
      return try queue.write { db in try body(Transaction(db: db)) }
    } catch let error as StoreError {
      throw error
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
      throw StoreError(.conflict, "the name is taken", cause: error)
    } catch {
      throw StoreError(.database, "write to the database failed", cause: error)
    }
  }

  func read<R>(_ body: (Database) throws -> R) throws(StoreError) -> R {
    do {
      return try queue.read(body)
    } catch let error as StoreError {
      throw error
    } catch {
      throw StoreError(.database, "read from the database failed", cause: error)
    }
  }
}

/// A write transaction: collections, leases, ledger and events take it as their first argument.
public struct Transaction {
  let db: Database
}
