import Foundation
import Netlink
import Store
import Testing

@testable import PodNetwork

@Suite("An address pool")
struct AddressPoolTests {
  private func pool(_ network: String, _ store: Store) throws -> AddressPool {
    AddressPool(try #require(IPNetwork(network)), name: "br0", store: store)
  }

  @Test("gives addresses in order, without network, gateway and broadcast, until none is left")
  func order() throws {
    let store = try Store(path: nil)
    let pool = try pool("10.88.0.0/29", store)
    let given = try (2...6).map { try pool.lease(to: "pod\($0)").description }
    #expect(given == ["10.88.0.2", "10.88.0.3", "10.88.0.4", "10.88.0.5", "10.88.0.6"])
    let error = #expect(throws: PodNetworkError.self) { try pool.lease(to: "one more") }
    #expect(error?.code == .exhausted)
    #expect(error?.message.contains("10.88.0.0/29") == true)
    #expect(error?.message.contains("5 are in use") == true)
  }

  @Test("lets an address rest before it gives it again")
  func reuse() throws {
    let store = try Store(path: nil)
    let pool = try pool("10.88.0.0/29", store)
    _ = try pool.lease(to: "a")
    try Leases(in: store).release(owner: "a")
    #expect(try (3...6).map { try pool.lease(to: "p\($0)").description } == ["10.88.0.3", "10.88.0.4", "10.88.0.5", "10.88.0.6"])
    #expect(try pool.lease(to: "b").description == "10.88.0.2")
    try Leases(in: store).release(owner: "p5")
    #expect(try pool.lease(to: "c").description == "10.88.0.5")
    #expect(throws: PodNetworkError.self) { try pool.lease(to: "d") }
  }

  @Test("of the smallest network has one address")
  func smallest() throws {
    let store = try Store(path: nil)
    let pool = try pool("10.88.0.0/30", store)
    #expect(try pool.lease(to: "a").description == "10.88.0.2")
    #expect(throws: PodNetworkError.self) { try pool.lease(to: "b") }
    try Leases(in: store).release(owner: "a")
    #expect(try pool.lease(to: "b").description == "10.88.0.2")
  }

  @Test("knows after a restart what is in use")
  func restart() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "pool-\(UUID().uuidString).db").path
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
    do {
      let pool = try pool("10.88.0.0/24", try Store(path: path))
      for owner in ["a", "b", "c"] { _ = try pool.lease(to: owner) }
    }
    let store = try Store(path: path)
    #expect(try Leases(in: store).all(pool: "br0/ipv4") == ["10.88.0.2": "a", "10.88.0.3": "b", "10.88.0.4": "c"])
    #expect(try pool("10.88.0.0/24", store).lease(to: "d").description == "10.88.0.5")
  }

  @Test("of IPv6 and pools of other bridges do not meet")
  func separate() throws {
    let store = try Store(path: nil)
    #expect(try pool("fd00::/64", store).lease(to: "a").description == "fd00::2")
    #expect(try pool("10.88.0.0/24", store).lease(to: "a").description == "10.88.0.2")
    let other = AddressPool(try #require(IPNetwork("10.88.0.0/24")), name: "br1", store: store)
    #expect(try other.lease(to: "b").description == "10.88.0.2")
    try Leases(in: store).release(owner: "a")
    #expect(try Leases(in: store).all(pool: "br0/ipv4").isEmpty)
    #expect(try Leases(in: store).all(pool: "br0/ipv6").isEmpty)
    #expect(try Leases(in: store).all(pool: "br1/ipv4").count == 1)
  }

  @Test("gives every caller its own address")
  func concurrent() async throws {
    let store = try Store(path: nil)
    let pool = try pool("10.88.0.0/25", store)
    let given = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<100 { group.addTask { try pool.lease(to: "pod\(number)").description } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(given.count == 100)
  }
}
