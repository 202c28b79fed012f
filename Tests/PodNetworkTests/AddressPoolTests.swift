import Netlink
import Store
import TestSupport
import Testing

@testable import PodNetwork

@Suite("An address pool")
struct AddressPoolTests {
  private func pool(_ network: String, next: UInt64 = 2) throws -> AddressPool {
    AddressPool(try #require(IPNetwork(network)), next: next)
  }

  @Test("gives addresses in order, without network, gateway and broadcast, until none is left")
  func order() throws {
    var pool = try pool("10.88.0.0/29")
    var used: Set<IPAddress> = []
    for expected in ["10.88.0.2", "10.88.0.3", "10.88.0.4", "10.88.0.5", "10.88.0.6"] {
      let address = try #require(pool.take { used.contains($0) })
      #expect(address.description == expected)
      used.insert(address)
    }
    #expect(pool.take { used.contains($0) } == nil)
    #expect(pool.capacity == 5)
  }

  @Test("gives a free address again as late as possible")
  func rotation() throws {
    var pool = try pool("10.88.0.0/29")
    #expect((0..<7).map { _ in pool.take { _ in false }?.bytes[3] } == [2, 3, 4, 5, 6, 2, 3])
    #expect(pool.take { $0.bytes[3] != 3 }?.bytes[3] == 3)
  }

  @Test(
    "begins where an earlier one ended, or inside when that was another network's",
    arguments: [(5, 5), (6, 6), (7, 2), (0, 2), (9999, 2)])
  func start(_ next: UInt64, _ expected: UInt8) throws {
    var pool = try pool("10.88.0.0/29", next: next)
    #expect(pool.take { _ in false }?.bytes[3] == expected)
  }

  @Test("of the smallest network has one address")
  func smallest() throws {
    var pool = try pool("10.88.0.0/30")
    #expect(pool.take { _ in false }?.description == "10.88.0.2")
    #expect(pool.take { _ in false }?.description == "10.88.0.2")
    #expect(pool.take { _ in true } == nil)
  }
}

@Suite("The attachments of a network")
struct AttachmentsTests {
  private func attachments(_ cidr: String, _ store: Store, bridge: String = "br0") throws -> Attachments {
    try Attachments(try BridgeNetworkSettings(bridgeName: bridge, podCIDR: cidr), store: store)
  }

  private func lease(_ attachments: Attachments, _ owner: String) throws -> [String] {
    try attachments.lease({ _ in owner }, link: { "veth\($0[0])" }).addresses
  }

  private func record(_ owner: String, _ address: String, ports: [HostPortMapping] = []) -> AttachmentRecord {
    AttachmentRecord(owner: owner, addresses: [address], link: "veth\(address)", ports: ports)
  }

  @Test("that were lost are nobody else's again at once, whether or not they can be written down")
  func restored() throws {
    let store = try Store(path: nil)
    let first = try attachments("10.88.0.0/29", store)
    #expect(try lease(first, "gone") == ["10.88.0.2"])
    var problems: [String] = []
    let present: Set<String> = ["a", "b", "c"]
    #expect(first.restore(record("a", "10.88.0.2"), present: present, &problems) == ["gone"])
    #expect(first.restore(record("b", "10.88.0.4"), present: present, &problems) == [])
    // Somebody who is there has it.
    #expect(first.restore(record("c", "10.88.0.4"), present: present, &problems) == nil)
    #expect(problems.isEmpty && first["gone"] == nil && first["c"] == nil)
    #expect(try lease(first, "new") == ["10.88.0.3"] && lease(first, "newer") == ["10.88.0.5"])
    try first.save("a", replacing: ["gone"])
    // What was not written down is lost to the next agent, and restored again.
    let second = try attachments("10.88.0.0/29", store)
    #expect(Set(second.all.map(\.owner)) == ["a", "new", "newer"])
  }

  @Test("have a host port once: a pod that is restored gives way to those that are there")
  func portsOnce() throws {
    let port = HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80, hostIP: "")
    let other = HostPortMapping(transport: .udp, hostPort: 8080, containerPort: 80, hostIP: "")
    let attachments = try attachments("10.88.0.0/24", try Store(path: nil))
    var problems: [String] = []
    _ = attachments.restore(record("young", "10.88.0.3", ports: [port]), present: ["young", "old"], &problems)
    #expect(problems.isEmpty)
    _ = attachments.restore(record("old", "10.88.0.2", ports: [port, other]), present: ["young", "old"], &problems)
    #expect(attachments["young"]?.ports == [port] && attachments["old"]?.ports == [other])
    #expect(problems.count == 1 && problems[0].contains("of old leads to young"))
  }

  @Test("of two records with one host port, as an earlier agent could write them, one has it, and this is told")
  func portsOfTwoRecords() throws {
    let port = HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80, hostIP: "")
    let store = try Store(path: nil)
    let written = Collection<AttachmentRecord>("network/br0", in: store)
    for (owner, address) in [("a", "10.88.0.2"), ("b", "10.88.0.3"), ("gone/10.88.0.4", "10.88.0.4")] {
      try store.transaction { try written.put(record(owner, address, ports: [port]), id: owner, in: $0) }
    }
    let attachments = try attachments("10.88.0.0/24", store)
    #expect(attachments.all.filter { $0.use == .pod }.flatMap(\.ports) == [port])
    #expect(attachments.problems.count == 1)
    #expect(attachments.all.count == 3)
  }

  @Test("have an address of each family, and say so when there is none")
  func exhausted() throws {
    let attachments = try attachments("10.88.0.0/30,fd00::/64", try Store(path: nil))
    #expect(try lease(attachments, "a") == ["10.88.0.2", "fd00::2"])
    let error = #expect(throws: PodNetworkError.self) { try lease(attachments, "b") }
    #expect(error?.code == .exhausted)
    #expect(error?.message.contains("10.88.0.0/30") == true)
    #expect(error?.message.contains("1 are in use") == true)
  }

  @Test("are the same after a restart, and the next address is the one after the last given, even when earlier ones are free")
  func restart() throws {
    let scratch = try ScratchDirectory("pool")
    defer { scratch.remove() }
    let path = scratch["db"]
    do {
      let attachments = try attachments("10.88.0.0/24", try Store(path: path))
      for owner in ["a", "b", "c"] { _ = try lease(attachments, owner) }
      try attachments.forget(try #require(attachments["b"]))
      try attachments.forget(try #require(attachments["c"]))
    }
    let attachments = try attachments("10.88.0.0/24", try Store(path: path))
    #expect(attachments.all.map(\.owner) == ["a"])
    #expect(try lease(attachments, "d") == ["10.88.0.5"])
  }

  @Test("are one record in the store: an address is never free while something names it, and never twice")
  func move() throws {
    let store = try Store(path: nil)
    let attachments = try attachments("10.88.0.0/30", store)
    _ = try lease(attachments, "a")
    let leaving = try attachments.move(try #require(attachments["a"]), to: "gone/10.88.0.2")
    #expect(attachments["a"] == nil)
    #expect(#expect(throws: PodNetworkError.self) { try lease(attachments, "b") }?.code == .exhausted)
    #expect(try Collection<AttachmentRecord>("network/br0", in: store).all() == [leaving])
    try attachments.forget(leaving)
    #expect(try lease(attachments, "b") == ["10.88.0.2"])
  }

  @Test("of another bridge do not meet")
  func separate() throws {
    let store = try Store(path: nil)
    #expect(try lease(try attachments("10.88.0.0/24", store), "a") == ["10.88.0.2"])
    #expect(try lease(try attachments("10.88.0.0/24", store, bridge: "br1"), "a") == ["10.88.0.2"])
  }

  @Test("of many callers have an address each")
  func concurrent() async throws {
    let attachments = try attachments("10.88.0.0/25", try Store(path: nil))
    let given = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<100 { group.addTask { try self.lease(attachments, "pod\(number)")[0] } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(given.count == 100)
  }

  @Test("have a host port once, but one that is leaving does not hold it")
  func ports() throws {
    let attachments = try attachments("10.88.0.0/24", try Store(path: nil))
    for owner in ["a", "b"] { _ = try lease(attachments, owner) }
    let mapping = HostPortMapping(transport: .tcp, hostPort: 80, containerPort: 80)
    let first = try attachments.claim([mapping], owner: "a")
    #expect(#expect(throws: PodNetworkError.self) { try attachments.claim([mapping], owner: "b") }?.code == .portTaken)
    try attachments.move(first, to: first.leavingOwner)
    #expect(try attachments.claim([mapping], owner: "b").ports == [mapping])
  }
}
