import GRDB

/// Tables and their migrations. A migration is never edited after release, only added.
enum Schema {
  static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(
        sql: """
          -- Records of one kind (sandbox, container, image, ...): `key` is unique in a kind when not null, `parent` groups.
          CREATE TABLE document (
            kind TEXT NOT NULL, id TEXT NOT NULL, key TEXT, parent TEXT NOT NULL DEFAULT '', body BLOB NOT NULL,
            PRIMARY KEY (kind, id)
          ) WITHOUT ROWID;
          CREATE UNIQUE INDEX document_key ON document (kind, key) WHERE key IS NOT NULL;
          CREATE INDEX document_parent ON document (kind, parent);
          -- Addresses in use: one row for each.
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
          );
          """)
    }
    return migrator
  }()
}
