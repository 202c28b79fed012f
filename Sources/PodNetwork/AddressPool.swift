import Netlink

/// Picks addresses of one network: the next free one after the last given, so that an address rests as long as possible before it is used
/// again. Pure: who has which address is told by the caller.
struct AddressPool: Sendable {
  let network: IPNetwork
  /// Where the next search begins, as an offset in the network; kept across restarts.
  private(set) var next: UInt64

  /// The first two (network, gateway) and the last (broadcast) are never given.
  private static let first: UInt64 = 2
  private var last: UInt64 { network.count - 2 }

  /// - Parameter next: as an earlier agent left it; one of another network is brought inside.
  init(_ network: IPNetwork, next: UInt64 = 2) {
    self.network = network
    self.next = (Self.first...max(Self.first, network.count - 2)).contains(next) ? next : Self.first
  }

  /// How many addresses can be in use at once.
  var capacity: UInt64 { last - Self.first + 1 }

  /// The next free address; nil when all are used.
  mutating func take(isUsed: (IPAddress) -> Bool) -> IPAddress? {
    for step in 0..<capacity {
      let offset = Self.first + (next - Self.first + step) % capacity
      guard let address = network.address.advanced(by: offset), !isUsed(address) else { continue }
      next = offset == last ? Self.first : offset + 1
      return address
    }
    return nil
  }
}
