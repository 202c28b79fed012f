import Netlink

/// How the bridge network is called and which addresses it gives. Two networks with different names and addresses share nothing.
public struct BridgeNetworkSettings: Sendable {
  /// At most 15 characters; the nf_tables table has the same name with `swiftlet-` in front.
  public let bridgeName: String
  /// As given, maybe a comma list of one IPv4 and one IPv6 network.
  let configuredCIDR: String
  /// Shared by every copy of these settings: it may be changed while the network is in use.
  let pools: PodNetworks
  /// Of which pods get addresses now.
  public var podCIDR: String { pools.value.podCIDR }
  var networks: [IPNetwork] { pools.value.current }
  /// nil: the kernel's default (1500).
  public let mtu: UInt32?
  private let wanted: Int
  /// Processes without privileges may bind ports below 1024 and send ICMP echoes in their pod's network; off: as the kernel has it.
  public let unprivilegedPorts: Bool

  public init(
    bridgeName: String, podCIDR: String, mtu: UInt32? = nil, prepared: Int = 0, unprivilegedPorts: Bool = true
  ) throws(PodNetworkError) {
    guard (1...15).contains(bridgeName.utf8.count),
      bridgeName.utf8.allSatisfy({
        (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95
      })
    else {
      throw PodNetworkError(
        .invalidSettings, "bridge name '\(bridgeName)': 1 to 15 letters, digits, '-' or '_' (a link name has at most 15 bytes)")
    }
    self.bridgeName = bridgeName
    configuredCIDR = podCIDR
    pools = PodNetworks(podCIDR: podCIDR, try Self.networks(podCIDR))
    self.mtu = mtu
    self.unprivilegedPorts = unprivilegedPorts
    wanted = prepared
  }

  /// - Parameter podCIDR: one IPv4 or IPv6 network, or one of each.
  static func networks(_ podCIDR: String) throws(PodNetworkError) -> [IPNetwork] {
    var networks: [IPNetwork] = []
    for text in podCIDR.split(separator: ",") {
      let trimmed = text.filter { $0 != " " }
      guard let network = IPNetwork(trimmed) else {
        throw PodNetworkError(.invalidSettings, "pod CIDR '\(trimmed)' is not an address with a prefix length, like 10.88.0.0/24")
      }
      guard network.count >= 4 else {
        throw PodNetworkError(.invalidSettings, "pod CIDR \(network) is too small: it needs 4 addresses")
      }
      guard !networks.contains(where: { $0.address.isV6 == network.address.isV6 }) else {
        throw PodNetworkError(
          .invalidSettings, "pod CIDR '\(podCIDR)' has two networks of one family: at most one IPv4 and one IPv6")
      }
      networks.append(network)
    }
    guard !networks.isEmpty else { throw PodNetworkError(.invalidSettings, "pod CIDR is empty") }
    return networks
  }

  /// Networks kept ready for pods to come; 0: each pod's is made when it comes. What waits has addresses: of a small network most stay for
  /// pods that come.
  public var prepared: Int {
    let smallest = networks.map { Int(clamping: $0.count) / 8 }.min() ?? 0
    return max(0, min(wanted, smallest, Self.mostPrepared))
  }

  /// Each costs the kernel some 100 KiB and an interface.
  private static let mostPrepared = 64

  /// A hardware address for the bridge, locally administered, the same at every start. Without one the bridge takes the lowest address of
  /// its ports: each pod that comes or goes could change it, and the others would talk to an address that is gone until their
  /// neighbour entries expire.
  var bridgeAddress: [UInt8] {
    let hash = Self.hash(bridgeName)
    return [0x02] + stride(from: 32, through: 0, by: -8).map { UInt8(truncatingIfNeeded: hash >> UInt64($0)) }
  }

  /// FNV-1a: names and addresses that are the same at every start.
  static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { hash, byte in (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  /// The host's end of the veth pair of an attachment with these addresses. Over bridge and address: several networks on one host do not
  /// meet, and an address has one link at a time.
  func linkName(_ addresses: [String]) -> String {
    let digits = String(Self.hash("\(bridgeName)/\(addresses.first ?? "")"), radix: 16)
    return "veth" + (String(repeating: "0", count: 16 - digits.count) + digits).prefix(11)
  }

  /// Tells our links from those of others.
  var linkAlias: String { "swiftlet \(bridgeName)" }

  /// A link's name as nf_tables compares it: 16 bytes.
  func linkKey(_ name: String) -> [UInt8] {
    let bytes = Array(name.utf8.prefix(16))
    return bytes + [UInt8](repeating: 0, count: 16 - bytes.count)
  }

  var tableName: String { "swiftlet-\(bridgeName)" }
  /// The one an address was given of.
  func network(of address: IPAddress) -> IPNetwork? { pools.value.all.first { $0.contains(address) } }
  /// The bridge's own address, the pods' gateway: the first of the network.
  func gateway(_ network: IPNetwork) -> IPAddress { network.address.advanced(by: 1) ?? network.address }
}
