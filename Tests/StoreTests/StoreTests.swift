import CSQLite
import Glibc
import LinuxSystem
import Store
import Testing

/// A directory for one test, removed at its end.
struct Directory: ~Copyable {
  let path: String
  init() throws {
    var template = Array("/tmp/swiftlet-store-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw SystemCallError(call: "mkdtemp", subject: "/tmp", code: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
  deinit { try? removeTree(path) }
  var database: String { "\(path)/swiftlet.db" }

  /// Runs SQL on a database file, as another program would.
  static func script(_ file: String, _ sql: String) {
    var handle: OpaquePointer?
    #expect(unsafe sqlite3_open(file, &handle) == SQLITE_OK)
    #expect(unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
    #expect(unsafe sqlite3_close(handle) == SQLITE_OK)
  }
}

@Suite("the node's database") struct StoreTests {
  @Test("a transaction that fails leaves nothing, and the next one works")
  func rollback() async throws {
    let store = try Store(path: nil)
    let documents = Documents("thing", in: store)
    struct Stop: Error {}
    await #expect(throws: StoreError.self) {
      try await store.write { transaction in
        try documents.put(id: "a", bytes: [1], in: transaction)
        throw Stop()
      }
    }
    try await store.write { try documents.put(id: "b", bytes: [2], in: $0) }
    #expect(try documents.all().map(\.id) == ["b"])
  }

  @Test("writes of tasks happen in the order of their calls, and a name is taken once")
  func conflict() async throws {
    let store = try Store(path: nil)
    let documents = Documents("thing", in: store)
    try await store.write { try documents.put(id: "a", key: "name", bytes: [], in: $0) }
    let error = await #expect(throws: StoreError.self) {
      try await store.write { try documents.put(id: "b", key: "name", bytes: [], in: $0) }
    }
    #expect(error?.code == .conflict)
    #expect(try documents.find(key: "name")?.id == "a")
    #expect(throws: StoreError.self) {
      try store.transaction { transaction in
        try documents.put(id: "c", key: "other", bytes: [], in: transaction)
        try documents.put(id: "d", key: "name", bytes: [], in: transaction)
      }
    }
    #expect(try documents.find(key: "other") == nil)
  }

  @Test(
    "documents keep their bytes, whatever they are", arguments: [[], [0], Array("{\"a\":1}".utf8), [0xff, 0, 0xfe]] as [[UInt8]])
  func bytes(_ bytes: [UInt8]) throws {
    let documents = Documents("thing", in: try Store(path: nil))
    try documents.put(id: "a\u{0}b", key: "", parent: "p", bytes: bytes)
    try documents.put(id: "z", bytes: bytes)
    let row = try #require(try documents.get("a\u{0}b"))
    #expect(row.bytes == bytes)
    #expect(row.key == "")
    #expect(row.parent == "p")
    #expect(try documents.get("z")?.key == nil)
    #expect(try documents.all(parent: "p").count == 1)
    try documents.remove("z")
    #expect(try documents.all().count == 1)
  }

  @Test("one document that cannot be decoded does not hide the others from who reads bytes")
  func corruptRow() throws {
    let store = try Store(path: nil)
    try Documents("number", in: store).put(id: "bad", bytes: Array("not JSON".utf8))
    try Collection<[Int]>("number", in: store).put([1], id: "good")
    #expect(throws: StoreError.self) { try Collection<[Int]>("number", in: store).all() }
    #expect(try Documents("number", in: store).all().map(\.id) == ["bad", "good"])
  }

  @Test("its files are for their owner alone, also where they were readable before")
  func modes() throws {
    let directory = try Directory()
    umask(0o022)
    for mode: mode_t in [0o600, 0o644] {
      if mode == 0o644 { for name in try listDirectory(directory.path) { unsafe chmod("\(directory.path)/\(name)", mode) } }
      let store = try Store(path: directory.database)
      try Documents("secret", in: store).put(id: "\(mode)", bytes: [1])
      let names = try listDirectory(directory.path)
      #expect(Set(names).isSuperset(of: ["swiftlet.db", "swiftlet.db-wal", "swiftlet.db-shm"]))
      for name in names { #expect(try HostFiles.facts("\(directory.path)/\(name)")?.mode == 0o600, "\(name)") }
      withExtendedLifetime(store) {}
    }
  }

  @Test("a database of the first versions opens, with its rows")
  func firstVersion() throws {
    let directory = try Directory()
    do { _ = try Store(path: directory.database) }
    // What those versions left: the tables of migration "1", and GRDB's own table instead of a version.
    Directory.script(
      directory.database,
      """
      PRAGMA user_version = 0; CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
      INSERT INTO grdb_migrations VALUES ('1'); INSERT INTO document (kind, id, body) VALUES ('thing', 'old', x'01');
      """)
    #expect(try Documents("thing", in: try Store(path: directory.database)).get("old")?.bytes == [1])
    #expect(try Documents("thing", in: try Store(path: directory.database)).all().count == 1)
  }

  @Test("a database of a newer version is refused, and stays as it is")
  func newerVersion() throws {
    let directory = try Directory()
    do { _ = try Store(path: directory.database) }
    Directory.script(directory.database, "PRAGMA user_version = 99")
    let error = #expect(throws: StoreError.self) { try Store(path: directory.database) }
    #expect(error?.code == .cannotOpen)
    #expect(error?.description.contains("version 99") == true)
  }

  @Test("damage is found, and a file that is no database is told from one that cannot be opened")
  func damage() throws {
    let directory = try Directory()
    do {
      let store = try Store(path: directory.database)
      for number in 0..<200 { try Documents("thing", in: store).put(id: "\(number)", bytes: Array(repeating: 7, count: 500)) }
      #expect(try store.damage().isEmpty)
    }
    let file = unsafe fopen(directory.database, "r+")
    #expect(unsafe fseek(file, 3 * 4096 + 10, SEEK_SET) == 0)
    unsafe fputs(String(repeating: "damage", count: 600), file)
    unsafe fclose(file)
    #expect(try !Store(path: directory.database).damage().isEmpty)
    try writeFile(directory.database, String(repeating: "no database ", count: 100))
    #expect(throws: StoreError.self) { try Store(path: directory.database) }
    let error = #expect(throws: StoreError.self) { try Store(path: directory.database) }
    #expect(error?.code == .damaged)
    #expect(#expect(throws: StoreError.self) { try Store(path: "\(directory.path)/nowhere/db") }?.code == .cannotOpen)
  }

  @Test("a copy is whole, private, and replaces an older one")
  func copy() throws {
    let directory = try Directory()
    let store = try Store(path: directory.database)
    let target = "\(directory.path)/copy.db"
    try writeFile(target, "older")
    try Documents("thing", in: store).put(id: "a", bytes: [1])
    try store.copy(to: target)
    try Documents("thing", in: store).put(id: "b", bytes: [2])
    #expect(try HostFiles.facts(target)?.mode == 0o600)
    #expect(try Documents("thing", in: try Store(path: target)).all().map(\.id) == ["a"])
    #expect(try !listDirectory(directory.path).contains("copy.db.partial"))
  }

  @Test("commits reach the database file without a checkpoint on their own thread", .timeLimit(.minutes(5)))
  func checkpoint() async throws {
    while true {
      let directory = try Directory()
      let store = try Store(path: directory.database)
      // Less than what starts a checkpoint at once: it comes when nothing is written for a while.
      try Documents("thing", in: store).put(id: "a", bytes: Array(repeating: 1, count: 100_000))
      let isBefore = size(directory.database) < 100_000
      while size(directory.database) < 100_000 { try await Task.sleep(for: .milliseconds(50)) }
      withExtendedLifetime(store) {}
      // On a busy machine that while may have passed already: then once more.
      if isBefore { return }
    }
  }

  private func size(_ path: String) -> Int {
    Int(FileFacts.at(path)?.size ?? 0)
  }
}
