import CSQLite

/// One connection to a SQLite file: statements are prepared once. Not thread safe; who holds it orders the calls.
@safe final class Connection {
  private let handle: OpaquePointer
  private var statements: [String: OpaquePointer] = unsafe [:]
  /// Pages in the write-ahead log after the last commit.
  private let logPages = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

  /// - Parameter path: `:memory:` for a database in memory.
  init(path: String) throws(SQLiteError) {
    unsafe logPages.initialize(to: 0)
    var raw: OpaquePointer?
    // NOMUTEX: the store's lock does it.
    let code = unsafe sqlite3_open_v2(
      path, &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nil)
    guard let opened = unsafe raw, code == SQLITE_OK else {
      let message = unsafe raw.map { unsafe String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      unsafe sqlite3_close_v2(raw)
      unsafe logPages.deallocate()
      throw SQLiteError(code: code, message: message, statement: "open \(path)")
    }
    unsafe handle = opened
    unsafe sqlite3_extended_result_codes(handle, 1)
    unsafe sqlite3_busy_timeout(handle, 5000)
  }

  deinit {
    unsafe statements.values.forEach { unsafe sqlite3_finalize($0) }
    unsafe sqlite3_close_v2(handle)
    unsafe logPages.deallocate()
  }

  /// Counts the pages of the write-ahead log from now on. After `PRAGMA wal_autocheckpoint`, which uses the same hook.
  func countLogPages() {
    unsafe sqlite3_wal_hook(
      handle,
      { context, _, _, pages in
        unsafe context?.assumingMemoryBound(to: Int32.self).pointee = pages
        return SQLITE_OK
      }, logPages)
  }

  var pagesInLog: Int { unsafe Int(logPages.pointee) }
  var lastInsertedRow: Int64 { unsafe sqlite3_last_insert_rowid(handle) }
  var changedRows: Int { unsafe Int(sqlite3_changes(handle)) }
  /// No transaction is open.
  var isIdle: Bool { unsafe sqlite3_get_autocommit(handle) != 0 }

  /// Runs a statement that gives no rows of interest.
  func execute(_ sql: String, _ values: SQLValue...) throws(SQLiteError) { try run(sql, values) { _ in } }

  /// Runs a query and turns each row into a value.
  func query<R>(_ sql: String, _ values: SQLValue..., row: (SQLRow) -> R) throws(SQLiteError) -> [R] {
    var result: [R] = []
    try run(sql, values) { result.append(row($0)) }
    return result
  }

  private func run(_ sql: String, _ values: [SQLValue], _ row: (SQLRow) -> Void) throws(SQLiteError) {
    let statement = try unsafe prepared(sql)
    defer {
      // Also what takes back the locks of a statement that failed.
      unsafe sqlite3_reset(statement)
      unsafe sqlite3_clear_bindings(statement)
    }
    for (index, value) in values.enumerated() { try unsafe check(value.bind(to: statement, at: Int32(index + 1)), sql) }
    while true {
      switch unsafe sqlite3_step(statement) {
      case SQLITE_ROW: unsafe row(SQLRow(statement: statement))
      case SQLITE_DONE: return
      case let code: try check(code, sql)
      }
    }
  }

  /// Runs several statements without values, e.g. a schema.
  func executeScript(_ sql: String) throws(SQLiteError) { try check(unsafe sqlite3_exec(handle, sql, nil, nil, nil), sql) }

  private func prepared(_ sql: String) throws(SQLiteError) -> OpaquePointer {
    if let statement = unsafe statements[sql] { return unsafe statement }
    var raw: OpaquePointer?
    try check(unsafe sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &raw, nil), sql)
    guard let statement = unsafe raw else { throw SQLiteError(code: SQLITE_MISUSE, message: "empty statement", statement: sql) }
    unsafe statements[sql] = statement
    return unsafe statement
  }

  private func check(_ code: Int32, _ sql: String) throws(SQLiteError) {
    if code != SQLITE_OK {
      throw SQLiteError(code: code, message: unsafe String(cString: sqlite3_errmsg(handle)), statement: sql)
    }
  }
}

/// A failed call of SQLite.
struct SQLiteError: Error, CustomStringConvertible {
  /// Extended result code. Source: https://sqlite.org/rescode.html.
  let code: Int32
  let message: String
  let statement: String

  /// A unique name is taken, or another constraint does not hold.
  var isConstraint: Bool { code & 0xff == SQLITE_CONSTRAINT }
  /// The file's content is not what SQLite wrote.
  var isDamage: Bool { code & 0xff == SQLITE_CORRUPT || code & 0xff == SQLITE_NOTADB }
  /// A disk or a quota is full. Some ways there have their own codes: SQLITE_IOERR_WRITE, _FSYNC, _TRUNCATE, _SHMSIZE.
  var isFull: Bool { code & 0xff == SQLITE_FULL || [778, 1034, 1546, 4874].contains(code) }

  var description: String {
    let first = statement.split(separator: "\n").first.map(String.init) ?? ""
    return "SQLite: \(message) (code \(code)) in \(first.drop { $0 == " " }.prefix(60))"
  }
}
