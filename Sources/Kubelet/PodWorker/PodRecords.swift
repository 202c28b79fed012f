internal import FoundationEssentials
internal import KubeModel
internal import Logging
internal import Store
internal import Synchronization

/// The records of all pods in the node's database. A pod's spec is written when it changes, its facts as often as they do; changes of a
/// moment are written together on the database's thread, and only the last of each.
///
/// A row is a line that names format and version, and then JSON. Rows without that line were written by the first version, which had
/// spec and facts in one.
final class PodRecords: Sendable {
  private static let specHeader = Array("swiftlet-pod 2\n".utf8)
  private static let factsHeader = Array("swiftlet-pod-facts 2\n".utf8)

  private struct Change {
    var pod: Pod?
    var facts: PodFacts?
    var version = 0
  }
  private struct State {
    var changes: [PodUID: Change] = [:]
    /// Of the last change.
    var version = 0
  }

  private let store: Store
  private let specs: Documents
  private let facts: Documents
  private let logger: Logger
  private let state = Mutex(State())
  private let drain = Drain(delay: .zero, retryDelay: .seconds(1))

  init(in store: Store, logger: Logger) {
    self.store = store
    specs = Documents("kubelet-pod", in: store)
    facts = Documents("kubelet-pod-facts", in: store)
    self.logger = logger
  }

  // MARK: Writing

  func put(_ uid: PodUID, pod: Pod) {
    var bare = pod
    bare.status = PodStatus()
    change(uid) { $0.pod = bare }
  }

  func put(_ uid: PodUID, facts: PodFacts) { change(uid) { $0.facts = facts } }

  private func change(_ uid: PodUID, _ body: (inout Change) -> Void) {
    state.withLock { state in
      state.version += 1
      state.changes[uid, default: Change()].version = state.version
      body(&state.changes[uid, default: Change()])
    }
    drain.wake { [self] in
      do { try await flush() } catch {
        // They stay until the disk takes them.
        logger.error("The records of pods cannot be saved", metadata: ["error": "\(error)"])
        throw error
      }
    }
  }

  /// Everything that was put before is on the disk when it returns.
  func flush() async throws(StoreError) {
    let written = try await store.write { [self] transaction in
      // Read inside the transaction: whoever removes or reads a record comes before or after all of this. They stay until it has
      // succeeded: a second flush beside this one must not find nothing to do, and say so, when this one fails.
      let changes = state.withLock { $0.changes }
      for (uid, change) in changes {
        if let pod = change.pod {
          try specs.put(id: uid.rawValue, bytes: Self.specHeader + (try JSONEncoder().encode(pod)), in: transaction)
        }
        if let new = change.facts {
          try facts.put(id: uid.rawValue, bytes: Self.factsHeader + (try JSONEncoder().encode(new)), in: transaction)
        }
      }
      return changes.mapValues(\.version)
    }
    state.withLock { state in
      for (uid, version) in written where state.changes[uid]?.version == version { state.changes[uid] = nil }
    }
  }

  /// Nothing of the pod may be put afterwards.
  func remove(_ uid: PodUID) async throws(StoreError) {
    try await store.write { [self] transaction in
      state.withLock { _ = $0.changes.removeValue(forKey: uid) }
      try specs.remove(uid.rawValue, in: transaction)
      try facts.remove(uid.rawValue, in: transaction)
    }
  }

  // MARK: Reading

  /// Every record, and which cannot be read: each is its own pod's business.
  func all() async throws(StoreError) -> (records: [PodUID: PodRecord], unreadable: [PodUID: String]) {
    let rows = try await store.read { [specs, facts] in (try specs.all(in: $0), try facts.all(in: $0)) }
    var records: [PodUID: PodRecord] = [:]
    var unreadable: [PodUID: String] = [:]
    for row in rows.0 {
      do { records[PodUID(row.id)] = try Self.decode(row.bytes) } catch { unreadable[PodUID(row.id)] = "\(error)" }
    }
    for row in rows.1 {
      let uid = PodUID(row.id)
      guard records[uid] != nil else { continue }
      do {
        records[uid]?.facts = try JSONDecoder().decode(PodFacts.self, from: Data(Self.body(row.bytes)))
      } catch {
        logger.error("What was known of a pod cannot be read", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
      }
    }
    for uid in records.keys {
      guard let facts = records[uid]?.facts else { continue }
      records[uid]?.pod.status = PodStatus(conditions: facts.conditions, phase: facts.phase)
    }
    return (records, unreadable)
  }

  private static func decode(_ bytes: [UInt8]) throws -> PodRecord {
    if bytes.first == UInt8(ascii: "{") {
      struct First: Decodable { let pod: Pod }
      let data = Data(bytes)
      let pod = try JSONDecoder().decode(First.self, from: data).pod
      var facts = try JSONDecoder().decode(PodFacts.self, from: data)
      (facts.conditions, facts.phase) = (pod.status.conditions, pod.status.phase)
      return PodRecord(pod: pod, facts: facts)
    }
    return PodRecord(pod: try JSONDecoder().decode(Pod.self, from: Data(body(bytes))), facts: PodFacts())
  }

  /// What follows the line of the format.
  private static func body(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    guard bytes.first != UInt8(ascii: "{"), let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return bytes[...] }
    return bytes[(end + 1)...]
  }
}
