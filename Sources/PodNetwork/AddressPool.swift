import Netlink
import Store
import Synchronization

/// Hands out the addresses of one network: the next free one after the last given, so that an address rests before it is used again.
final class AddressPool: Sendable {
  let network: IPNetwork
  private let name: String
  private let leases: Leases
  private let next: Mutex<UInt64>

  init(_ network: IPNetwork, name: String, store: Store) {
    self.network = network
    self.name = "\(name)/\(network.address.isV6 ? "ipv6" : "ipv4")"
    leases = Leases(in: store)
    next = Mutex(2)
  }

  /// Who holds addresses of this pool.
  func owners() throws(StoreError) -> [String] { try leases.all(pool: name).values.map { $0 } }

  /// Leases an address to an owner. The first two (network, gateway) and the last (broadcast) are never given.
  func lease(to owner: String) throws(PodNetworkError) -> IPAddress {
    let (name, leases, network) = (name, leases, network)
    return try next.withLock { next throws(PodNetworkError) in
      let used = try PodNetwork.network("cannot read the leases", { try leases.all(pool: name) })
      let last = network.count - 2
      for step in 0..<(last - 1) {
        let offset = 2 + (next - 2 + step) % (last - 1)
        guard let address = network.address.advanced(by: offset), used[address.description] == nil else { continue }
        try PodNetwork.network("cannot lease \(address)") {
          try leases.insert(pool: name, address: address.description, owner: owner)
        }
        next = offset + 1 > last ? 2 : offset + 1
        return address
      }
      throw PodNetworkError(
        .exhausted, "no free address in \(network): \(used.count) are in use; remove pods or give a larger --pod-cidr")
    }
  }
}
