import LinuxRuntime
import LinuxSystem
import OCISpec
import RuntimeAPI
import Store

/// The runtime's part of the database: what sandboxes and containers were made as (written once), and what became of them.
struct Records: Sendable {
  private let store: Store
  private let reserve: SpaceReserve
  let sandboxes: Documents
  let sandboxStates: Documents
  let containers: Documents
  let containerStates: Documents
  /// `StoredSpec`s.
  let specs: Documents

  init(_ store: Store, reserve: SpaceReserve) {
    self.store = store
    self.reserve = reserve
    sandboxes = Documents("runtime-sandbox", in: store)
    sandboxStates = Documents("runtime-sandbox-state", in: store)
    containers = Documents("runtime-container", in: store)
    containerStates = Documents("runtime-container-state", in: store)
    specs = Documents("runtime-container-spec", in: store)
  }

  func write(_ body: @escaping @Sendable (Transaction) throws -> Void) async throws { try await write(.recordsWrite, body) }

  /// A transaction that takes something back. It works on a full disk too: then the reserve is given up for it.
  func release(_ body: @escaping @Sendable (Transaction) throws -> Void) async throws {
    let given = reserve.given
    do {
      try await write(.recordsRelease, body)
      await reserve.refill()
    } catch  where SpaceReserve.wouldHelp(error) {
      guard await reserve.giveUp(since: given) else { throw error }
      try await store.write(body)
    }
  }

  private func write(_ point: FaultPoint, _ body: @escaping @Sendable (Transaction) throws -> Void) async throws {
    try Faults.check(point)
    #if DEBUG
      // The database has a thread of its own.
      let plan = Faults.plan
      try await store.write { transaction in
        try body(transaction)
        try plan?.check(point, .middle)
      }
    #else
      try await store.write(body)
    #endif
    try Faults.check(point, .after)
  }

  /// What to do again when the disk was full: after the reserve was given up.
  func releasing<R: Sendable>(_ work: BlockingWork = .node, _ body: @escaping @Sendable () throws -> R) async throws -> R {
    let given = reserve.given
    do {
      return try await runBlocking(work) { () throws(any Error) in try body() }
    } catch  where SpaceReserve.wouldHelp(error) {
      guard await reserve.giveUp(since: given) else { throw error }
      return try await runBlocking(work) { () throws(any Error) in try body() }
    }
  }

  /// A sandbox came or went.
  func sandboxesChanged() { store.copySoon() }

  // MARK: Writing

  func put(_ record: SandboxRecord, _ transaction: Transaction) throws {
    try sandboxes.put(id: record.id.rawValue, key: record.key, bytes: record.bytes(), in: transaction)
  }

  func put(_ record: SandboxStateRecord, of id: SandboxID, _ transaction: Transaction) throws {
    try sandboxStates.put(id: id.rawValue, bytes: record.bytes(), in: transaction)
  }

  /// - Parameter spec: a `StoredSpec`'s bytes.
  func put(_ record: ContainerRecord, spec: [UInt8]?, _ transaction: Transaction) throws {
    let (id, parent) = (record.id.rawValue, record.sandboxID.rawValue)
    try containers.put(id: id, key: record.key, parent: parent, bytes: record.bytes(), in: transaction)
    if let spec { try specs.put(id: id, parent: parent, bytes: spec, in: transaction) }
  }

  func put(_ record: ContainerStateRecord, of id: ContainerID, in sandbox: SandboxID, _ transaction: Transaction) throws {
    try containerStates.put(id: id.rawValue, parent: sandbox.rawValue, bytes: record.bytes(), in: transaction)
  }

  func remove(_ id: SandboxID, _ transaction: Transaction) throws {
    try sandboxes.remove(id.rawValue, in: transaction)
    try sandboxStates.remove(id.rawValue, in: transaction)
  }

  func remove(_ id: ContainerID, _ transaction: Transaction) throws {
    try containers.remove(id.rawValue, in: transaction)
    try containerStates.remove(id.rawValue, in: transaction)
    try specs.remove(id.rawValue, in: transaction)
  }
}

extension Records {
  /// Everything, in one state.
  func all() async throws -> Rows {
    let records = self
    return try await store.read { transaction in
      Rows(
        sandboxes: try records.sandboxes.all(in: transaction), sandboxStates: try records.sandboxStates.all(in: transaction),
        containers: try records.containers.all(in: transaction), containerStates: try records.containerStates.all(in: transaction),
        specs: try records.specs.all(in: transaction).map(\.id))
    }
  }

  func spec(of id: ContainerID) async throws -> StoredSpec? {
    let specs = specs
    return try await store.read { try specs.get(id.rawValue, in: $0) }.map { try StoredSpec(bytes: $0.bytes) }
  }

  /// Makes the reserve while there is room.
  func prepare() async { await reserve.refill() }
}
