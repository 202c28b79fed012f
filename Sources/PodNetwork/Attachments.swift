import FoundationEssentials
import Netlink
import Store
import Synchronization

/// Every attachment of one network: who has which addresses, links and host ports. The copy in memory decides, the one in the store is
/// written before the kernel is asked for anything and read at start. One agent has the store, so nobody else decides.
final class Attachments: Sendable {
  private struct State {
    var records: [String: AttachmentRecord] = [:]
    var used: Set<IPAddress> = []
    var pools: [AddressPool]

    mutating func insert(_ record: AttachmentRecord) {
      records[record.owner] = record
      used.formUnion(record.addresses.compactMap(IPAddress.init))
    }
    mutating func remove(_ owner: String) {
      guard let record = records.removeValue(forKey: owner) else { return }
      used.subtract(record.addresses.compactMap(IPAddress.init))
    }

    /// The record without the host ports that another pod has: one port leads to one pod, and a rule that is there twice is refused with
    /// all the others. What is left out is told.
    func withoutTakenPorts(_ record: AttachmentRecord, _ problems: inout [String]) -> AttachmentRecord {
      if record.use == .leaving { return record }
      var record = record
      for other in records.values where other.owner != record.owner && other.use != .leaving {
        record.ports.removeAll { port in
          guard other.ports.contains(where: { $0.overlaps(port) }) else { return false }
          problems.append("host port \(port.description) of \(record.owner) leads to \(other.owner), which has it too")
          return true
        }
      }
      return record
    }
  }

  /// Where the search for the next address begins.
  private struct Cursor: Codable, Sendable {
    var next: UInt64
  }

  private let store: Store
  private let collection: Collection<AttachmentRecord>
  private let cursors: Collection<Cursor>
  private let state: Mutex<State>
  /// Records that this agent cannot read. A pod that had one loses its network at `reconcile`, where its link belongs to nobody; others do
  /// not notice.
  let unreadable: [String]
  /// What else was wrong with the records, as sentences.
  let problems: [String]

  init(_ settings: BridgeNetworkSettings, store: Store) throws(StoreError) {
    self.store = store
    collection = Collection("network/\(settings.bridgeName)", in: store)
    cursors = Collection("network-cursor/\(settings.bridgeName)", in: store)
    var state = State(pools: try Self.pools(settings.networks, cursors))
    var (unreadable, problems): ([String], [String]) = ([], [])
    for row in try Documents(collection.kind, in: store).all() {
      if let record = try? JSONDecoder().decode(AttachmentRecord.self, from: Data(row.bytes)) {
        state.insert(state.withoutTakenPorts(record, &problems))
      } else {
        unreadable.append(row.id)
      }
    }
    (self.unreadable, self.problems) = (unreadable, problems)
    self.state = Mutex(state)
  }

  private static func pools(_ networks: [IPNetwork], _ cursors: Collection<Cursor>) throws(StoreError) -> [AddressPool] {
    var pools: [AddressPool] = []
    for network in networks { pools.append(AddressPool(network, next: try cursors.get("\(network)")?.next ?? 2)) }
    return pools
  }

  /// Addresses are of these from now on.
  func setNetworks(_ networks: [IPNetwork]) throws(StoreError) {
    let pools = try Self.pools(networks, cursors)
    state.withLock { $0.pools = pools }
  }

  // MARK: Looking

  subscript(owner: String) -> AttachmentRecord? { state.withLock { $0.records[owner] } }
  var all: [AttachmentRecord] { state.withLock { Array($0.records.values) } }

  // MARK: Changing

  /// A new record with an address of each network.
  /// - Parameter owner: made of the first address for those that nobody owns yet.
  func lease(_ owner: (String) -> String, link: ([String]) -> String) throws(PodNetworkError) -> AttachmentRecord {
    let record = try state.withLock { state throws(PodNetworkError) in
      var addresses: [IPAddress] = []
      for index in state.pools.indices {
        let used = state.used
        guard let address = state.pools[index].take(isUsed: { used.contains($0) }) else {
          let network = state.pools[index].network
          throw PodNetworkError(
            .exhausted,
            "no free address in \(network): \(state.pools[index].capacity) are in use; remove pods or give a larger --pod-cidr")
        }
        addresses.append(address)
      }
      let texts = addresses.map(\.description)
      let record = AttachmentRecord(
        owner: owner(texts[0]), addresses: texts, link: link(texts), ports: [],
        hardwareAddress: HardwareAddress(for: addresses[0]).description)
      guard state.records[record.owner] == nil else {
        throw PodNetworkError(.system, "\(record.owner) has a network already")
      }
      state.insert(record)
      return record
    }
    do {
      try write("lease of \(record.addresses.joined(separator: ", "))") { transaction in
        try self.collection.put(record, id: record.owner, in: transaction)
        // Read here: writers come in order, so the last one writes the last value.
        for pool in self.state.withLock({ $0.pools }) {
          try self.cursors.put(Cursor(next: pool.next), id: "\(pool.network)", in: transaction)
        }
      }
    } catch {
      state.withLock { $0.remove(record.owner) }
      throw error
    }
    return record
  }

  /// Gives a record another owner; its addresses are nobody else's at any moment.
  @discardableResult
  func move(_ record: AttachmentRecord, to owner: String) throws(PodNetworkError) -> AttachmentRecord {
    var moved = record
    moved.owner = owner
    let new = moved
    try state.withLock { state throws(PodNetworkError) in
      guard state.records[owner] == nil else { throw PodNetworkError(.system, "\(owner) has a network already") }
      state.remove(record.owner)
      state.insert(new)
    }
    do {
      try write("record of \(owner)") { transaction in
        try self.collection.remove(record.owner, in: transaction)
        try self.collection.put(new, id: owner, in: transaction)
      }
    } catch {
      state.withLock { state in
        state.remove(owner)
        state.insert(record)
      }
      throw error
    }
    return new
  }

  /// Host ports are an owner's from here on; those of another pod are refused.
  func claim(_ ports: [HostPortMapping], owner: String) throws(PodNetworkError) -> AttachmentRecord {
    let wanted = Dictionary(grouping: ports, by: \.hostPort)
    let record = try state.withLock { state throws(PodNetworkError) in
      for other in state.records.values where other.owner != owner && other.use != .leaving {
        for port in other.ports {
          guard let clash = wanted[port.hostPort]?.first(where: { $0.overlaps(port) }) else { continue }
          throw PodNetworkError(.portTaken, "host port \(clash.description) is taken by pod sandbox \(other.owner.prefix(13))")
        }
      }
      guard var record = state.records[owner] else { throw PodNetworkError(.system, "\(owner) has no network") }
      record.ports = ports
      state.records[owner] = record
      return record
    }
    // A failure is the attach's: it gives the whole record back.
    try write("host ports of \(owner)") { transaction in try self.collection.put(record, id: owner, in: transaction) }
    return record
  }

  /// Puts back a record that the store lost, so that nobody is given its addresses from here on; `save` writes it down. Owners that are not
  /// `present` lose what they have of the addresses: they are gone, and the store is older than that.
  /// - Parameter problems: gets a sentence for each host port that another pod has meanwhile.
  /// - Returns: whose records it replaces; nil when somebody present has one of the addresses.
  func restore(_ record: AttachmentRecord, present: Set<String>, _ problems: inout [String]) -> [String]? {
    let (replaced, found) = state.withLock { state -> ([String]?, [String]) in
      let holders = state.records.values.filter { !Set($0.addresses).isDisjoint(with: record.addresses) }
      if holders.contains(where: { present.contains($0.owner) }) { return (nil, []) }
      for holder in holders { state.remove(holder.owner) }
      var found: [String] = []
      state.insert(state.withoutTakenPorts(record, &found))
      return (holders.map(\.owner), found)
    }
    problems += found
    return replaced
  }

  /// Writes down what was restored.
  func save(_ owner: String, replacing gone: [String]) throws(PodNetworkError) {
    try write("record of \(owner)") { transaction in
      for other in gone { try self.collection.remove(other, in: transaction) }
      if let record = self[owner] { try self.collection.put(record, id: owner, in: transaction) }
    }
  }

  /// The addresses are free from here on: nothing leads to them.
  func forget(_ record: AttachmentRecord) throws(PodNetworkError) {
    try write("record of \(record.owner)") { transaction in try self.collection.remove(record.owner, in: transaction) }
    state.withLock { $0.remove(record.owner) }
  }

  /// Of a record that cannot be read.
  func forget(unreadable id: String) throws(PodNetworkError) {
    try write("record of \(id)") { transaction in try self.collection.remove(id, in: transaction) }
  }

  private func write(_ what: String, _ body: (Transaction) throws -> Void) throws(PodNetworkError) {
    do throws(StoreError) { try store.transaction(body) } catch {
      throw PodNetworkError(error.code == .full ? .noSpace : .system, "cannot write the \(what)", cause: error)
    }
  }
}
