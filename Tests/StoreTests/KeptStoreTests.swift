import Glibc
import LinuxSystem
import Store
import Testing

@Suite("the database and the copy kept beside it") struct KeptStoreTests {
  private let directory: String
  private var database: String { "\(directory)/swiftlet.db" }
  private var copy: String { database + ".copy" }

  init() throws {
    var template = Array("/tmp/swiftlet-kept-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw SystemCallError(call: "mkdtemp", subject: "/tmp", code: errno) }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A database that holds "a", and a copy when asked.
  private func make(copies: Bool) throws {
    let store = try Store(path: database)
    try Documents("thing", in: store).put(id: "a", bytes: [1])
    if copies { try store.copy(to: copy) }
  }

  private func open() throws -> (ids: [String], notice: String?) {
    let (store, notice) = try Store.open(database, copy: copy)
    return (try Documents("thing", in: store).all().map(\.id), notice)
  }

  private func finish() { try? removeTree(directory) }

  @Test("a copy for which there is no space leaves nothing behind, and the old one as it was")
  func fullDisk() async {
    await #expect(processExitsWith: .success) {
      var template = Array("/tmp/swiftlet-full-XXXXXX".utf8CString)
      guard unsafe mkdtemp(&template) != nil else { exit(2) }
      let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let target = directory + "/db.copy"
      let store = try Store(path: directory + "/db")
      try store.copy(to: target)
      let old = try readFile(target).utf8.count
      try Documents("thing", in: store).put(id: "large", bytes: Array(repeating: 7, count: 2 << 20))
      // No file grows beyond this from here on.
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
      guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(3) }
      var failure: StoreError?
      do throws(StoreError) { try store.copy(to: target) } catch { failure = error }
      let names = try listDirectory(directory)
      let now = try readFile(target).utf8.count
      let isGood = failure != nil && !names.contains("db.copy.partial") && now == old
      try removeTree(directory)
      exit(isGood ? 0 : 1)
    }
  }

  @Test("a whole one is opened, and a new node begins empty, without a word")
  func whole() throws {
    defer { finish() }
    var (ids, notice) = try open()
    #expect(ids.isEmpty && notice == nil)
    try make(copies: true)
    (ids, notice) = try open()
    #expect(ids == ["a"] && notice == nil)
  }

  @Test(
    "the copy takes the place of a missing one, an empty one, and a damaged one that is moved aside",
    arguments: [nil, "", "damage"])
  func replaced(content: String?) throws {
    defer { finish() }
    try make(copies: true)
    try removeTree(database)
    let written = content.map { String(repeating: $0, count: 1000) }
    if let written { try writeFile(database, written) }
    // What belonged to the lost database must neither be read as part of the copy nor be thrown away.
    try writeFile(database + "-wal", "log")
    let (ids, notice) = try open()
    #expect(ids == ["a"])
    #expect(notice?.contains("the kept copy took its place") == true)
    if content == "damage" {
      // SQLite looked at it, and takes a log away that is none.
      #expect(try readFile(database + ".damaged") == written)
    } else {
      #expect(try readFile(database + "-wal.damaged") == "log")
    }
    #expect(try open() == (["a"], nil))
  }

  @Test("a damaged one is moved aside without a whole copy, and the node begins empty", arguments: [false, true])
  func noCopy(copies: Bool) throws {
    defer { finish() }
    try writeFile(database, "damage of more than a few bytes")
    if copies { try writeFile(copy, "this is no database either") }
    let (ids, notice) = try open()
    #expect(ids.isEmpty)
    #expect(notice?.contains("begins empty") == true)
    #expect(try readFile(database + ".damaged") == "damage of more than a few bytes")
  }

  @Test("one that cannot be read is an error and stays, with its log")
  func unreadable() throws {
    defer { finish() }
    try make(copies: true)
    try removeTree(database)
    try makeDirectory(database, mode: 0o700)
    try writeFile(database + "-wal", "log")
    let error = #expect(throws: StoreError.self) { try Store.open(database, copy: copy) }
    #expect(error?.code == .cannotOpen)
    #expect(try HostFiles.facts(database)?.kind == .directory)
    #expect(try readFile(database + "-wal") == "log")
  }

  @Test("a copy that cannot be read is an error, and a damaged database stays until it can be")
  func unreadableCopy() throws {
    defer { finish() }
    try writeFile(database, "damage of more than a few bytes")
    try makeDirectory(copy, mode: 0o700)
    let error = #expect(throws: StoreError.self) { try Store.open(database, copy: copy) }
    #expect(error?.code == .cannotOpen)
    #expect(try readFile(database) == "damage of more than a few bytes")
  }
}
