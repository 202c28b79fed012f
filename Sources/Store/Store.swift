import CSQLite
import LinuxSystem
import Synchronization

/// The node's database: one SQLite file (WAL, synchronous NORMAL: a power cut may lose the last transactions but never corrupts), one
/// connection, one writer. Every record of the agent that must survive it lives here.
///
/// Tasks use `write` and `read`: they wait for the database's own thread without holding one. The synchronous calls take tens of
/// microseconds, and as long as the disk when it is slow: for the start, and for threads that may block.
public final class Store: Sendable {
  private let connection: Mutex<Guarded>
  /// One thread: what tasks ask for is done in their order.
  private let thread = ThreadPool(named: "database", width: 1)
  private let checkpointer: Checkpointer?
  private let path: String?
  let kept = Mutex<DatabaseCopy?>(nil)

  /// A box, as the mutex gives its content away and takes it back.
  private struct Guarded: ~Copyable {
    let connection: Connection
  }

  /// Opens or creates the database: its files are for root alone.
  /// - Parameter path: file path; its directory must exist. nil: in memory, for tests.
  public init(path: String?) throws(StoreError) {
    self.path = path
    do {
      if let path { try Self.makePrivate(path) }
      let opened = try Self.open(path)
      try Schema.migrate(opened)
      connection = Mutex(Guarded(connection: opened))
      checkpointer = path.map { Checkpointer(path: $0) }
    } catch {
      let isDamaged = (error as? SQLiteError)?.isDamage ?? false
      throw StoreError(
        isDamaged ? .damaged : .cannotOpen,
        "cannot open the database \(path ?? "(memory)"); move it away to start with an empty one", cause: error)
    }
  }

  private static func open(_ path: String?) throws(SQLiteError) -> Connection {
    let connection = try Connection(path: path ?? ":memory:")
    try connection.executeScript(
      """
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = \(Checkpointer.pageLimit * 4096);
      PRAGMA cache_size = -512;
      PRAGMA mmap_size = 0;
      PRAGMA temp_store = MEMORY;
      """)
    connection.countLogPages()
    return connection
  }

  /// Records hold environments of pods, secrets among them. SQLite gives the files beside it the mode of the first.
  private static func makePrivate(_ path: String) throws(SystemCallError) {
    try makePrivateFile(path)
    for suffix in ["-wal", "-shm"] where try HostFiles.facts(path + suffix) != nil { try makePrivateFile(path + suffix) }
  }

  // MARK: Writing

  /// Runs several writes as one transaction on the database's thread: all of them or none.
  /// - Throws: `.conflict` when a unique name is taken, `.database` when SQLite fails; a StoreError of `body` as it is.
  public func write<R: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> R) async throws(StoreError) -> R {
    try await thread.run { [self] () throws(StoreError) -> R in try transaction(body) }
  }

  /// The same on the calling thread.
  public func transaction<R: Sendable>(_ body: (Transaction) throws -> R) throws(StoreError) -> R {
    let result: Result<(R, Int), StoreError> = connection.withLock { guarded in
      let connection = guarded.connection
      do {
        try connection.execute("BEGIN IMMEDIATE")
        let result = try body(Transaction(connection: connection))
        try connection.execute("COMMIT")
        return .success((result, connection.pagesInLog))
      } catch {
        // Some failures (a full disk) have rolled back already.
        if !connection.isIdle { try? connection.execute("ROLLBACK") }
        return .failure(StoreError(of: error, doing: "write to the database failed"))
      }
    }
    let (value, pages) = try result.get()
    checkpointer?.committed(pagesInLog: pages)
    return value
  }

  // MARK: Reading

  /// Reads on the database's thread; everything in `body` sees one state.
  public func read<R: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> R) async throws(StoreError) -> R {
    try await thread.run { [self] () throws(StoreError) -> R in try readNow(body) }
  }

  /// The same on the calling thread.
  public func readNow<R: Sendable>(_ body: (Transaction) throws -> R) throws(StoreError) -> R {
    let result: Result<R, StoreError> = connection.withLock { guarded in
      do {
        return .success(try body(Transaction(connection: guarded.connection)))
      } catch {
        return .failure(StoreError(of: error, doing: "read from the database failed"))
      }
    }
    return try result.get()
  }

  // MARK: Care

  /// What SQLite finds wrong with the file, as sentences; empty when it is whole. Reads all of it: seconds for gigabytes.
  public func damage() throws(StoreError) -> [String] {
    try readNow { transaction in
      do throws(SQLiteError) {
        return try transaction.connection.query("PRAGMA quick_check(10)") { $0.text(0) }.filter { $0 != "ok" }
      } catch {
        if error.isDamage { return ["\(error)"] }
        throw error
      }
    }
  }

  /// Writes a whole copy of the state now to `path`, replacing what is there only when the copy is complete and on the disk. Writers go on
  /// meanwhile. Blocks for as long as the disk takes.
  public func copy(to target: String) throws(StoreError) {
    guard let path else { throw StoreError(.database, "a database in memory has no copy") }
    try DatabaseCopy.make(of: path, at: target)
  }

  /// Something changed that a node should not lose: pods or images came or went. The copy that `open` keeps, if it keeps one, is made anew
  /// within a minute.
  public func copySoon() { kept.withLock { $0 }?.changed() }
}

/// A transaction: collections, leases, ledger and events take it as their last argument. It ends with the closure it was given to.
public struct Transaction {
  let connection: Connection
}
