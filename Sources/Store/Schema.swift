/// Tables and their migrations. A migration is never edited after release, only added; `PRAGMA user_version` says how many were applied.
enum Schema {
  private static let migrations = [version1]

  static func migrate(_ connection: Connection) throws {
    let current = try version(of: connection)
    guard current <= migrations.count else {
      throw StoreError(.cannotOpen, "the database has version \(current), this swiftlet knows \(migrations.count): use a newer one")
    }
    for number in current..<migrations.count {
      try connection.executeScript("BEGIN IMMEDIATE; \(migrations[number]); PRAGMA user_version = \(number + 1); COMMIT;")
    }
  }

  /// Databases of the first versions counted in a table of GRDB's, and had one migration.
  private static func version(of connection: Connection) throws(SQLiteError) -> Int {
    let number = try connection.query("PRAGMA user_version") { Int($0.integer(0)) }.first ?? 0
    let isFirst = try !connection.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'document'") { _ in }.isEmpty
    return number == 0 && isFirst ? 1 : number
  }

  private static let version1 = """
    -- Records of one kind (sandbox, container, image, ...): `key` is unique in a kind when not null, `parent` groups.
    CREATE TABLE document (
      kind TEXT NOT NULL, id TEXT NOT NULL, key TEXT, parent TEXT NOT NULL DEFAULT '', body BLOB NOT NULL,
      PRIMARY KEY (kind, id)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX document_key ON document (kind, key) WHERE key IS NOT NULL;
    CREATE INDEX document_parent ON document (kind, parent);
    -- Not used: addresses are in the records of pods. Earlier versions read it.
    CREATE TABLE lease (
      pool TEXT NOT NULL, address TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (pool, address)
    ) WITHOUT ROWID;
    CREATE INDEX lease_owner ON lease (owner);
    -- Kernel objects and files this node made: recorded before they are made, removed after they are gone.
    CREATE TABLE ledger (
      kind TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (kind, name)
    ) WITHOUT ROWID;
    CREATE INDEX ledger_owner ON ledger (owner);
    -- What happened, bounded and de-duplicated; `digest` is the identity of a repeated event.
    CREATE TABLE event (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE, type TEXT NOT NULL, reason TEXT NOT NULL,
      namespace TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL, field TEXT NOT NULL, message TEXT NOT NULL,
      count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL
    )
    """
}
