import Netlink

/// The nf_tables table of a bridge network: host ports (two maps for each family) and masquerading. Pure: gives requests.
///
/// IPv6 has no way to send [::1] elsewhere, so host ports on it work on the host's other addresses only.
///
/// With `isRouted` the pods are behind interfaces that others made, and have addresses of any network: then it is host ports alone.
struct Firewall {
  let settings: BridgeNetworkSettings
  var isRouted = false
  private var table: NFTRequests { NFTRequests(table: settings.tableName) }

  private static let sourceNATPriority: Int32 = 100
  private static let destinationNATPriority: Int32 = -100
  private static let rawPriority: Int32 = -300
  private static let first: UInt32 = 8  // NFT_REG32_00
  private static let local: [UInt8] = [2, 0, 0, 0]  // RTN_LOCAL
  private static let destinationNATBit: [UInt8] = [0x20, 0, 0, 0]  // IPS_DST_NAT
  private static let closed = "closed"
  private static let filterPriority: Int32 = 0
  /// ESTABLISHED and RELATED. Source: include/uapi/linux/netfilter/nf_conntrack_common.h.
  private static let knownConnection: [UInt8] = [6, 0, 0, 0]

  /// Replaces the whole table in one transaction, with the ports of these pods.
  /// - Parameter onlyThroughHostPorts: nobody reaches pods from other machines by the pods' own addresses: on a host that forwards
  ///   nothing unless told to, as before `ForwardPolicy` opened it for the bridge.
  func install(_ ports: [(HostPortMapping, [IPAddress])], onlyThroughHostPorts: Bool = false) -> [NetlinkRequest] {
    var requests = [table.addTable(), table.deleteTable(), table.addTable()]
    requests.append(table.addNATChain("prerouting", hook: .prerouting, priority: Self.destinationNATPriority))
    requests.append(table.addNATChain("output", hook: .output, priority: Self.destinationNATPriority))
    requests.append(table.addNATChain("postrouting", hook: .postrouting, priority: Self.sourceNATPriority))
    let networks = settings.pools.value.all
    requests += loopbackGuard(networks)
    if onlyThroughHostPorts { requests += closedChain }
    requests += rules(networks)
    for (mapping, addresses) in ports { requests += add(mapping, addresses) }
    return requests
  }

  /// More networks in a table that is there, of which nothing else changes.
  func add(_ networks: [IPNetwork], besides others: [IPNetwork]) -> [NetlinkRequest] {
    let hadLoopback = others.contains { !$0.address.isV6 }
    return (hadLoopback ? [] : loopbackGuard(networks)) + rules(networks, besides: others)
  }

  /// route_localnet on the bridge is for answers to the host only: a pod must not reach services of the host that listen on 127.0.0.1
  /// (CVE-2020-8558). Before connection tracking, where such answers still carry the bridge's address.
  private func loopbackGuard(_ networks: [IPNetwork]) -> [NetlinkRequest] {
    guard let loopback = IPNetwork("127.0.0.0/8"), networks.contains(where: { !$0.address.isV6 }) else { return [] }
    return [
      table.addFilterChain("guard", hook: .prerouting, priority: Self.rawPriority),
      table.addRule(
        "guard",
        family(loopback) + (isRouted ? interface(.inputInterfaceName, "lo", equal: false) : interface(.inputInterfaceName))
          + destination(loopback, equal: true) + [.drop]),
    ]
  }

  /// Of each family one pair of maps, and of each network the way out.
  private func rules(_ networks: [IPNetwork], besides others: [IPNetwork] = []) -> [NetlinkRequest] {
    var requests: [NetlinkRequest] = []
    var families = Set(others.map(\.address.isV6))
    var id: UInt32 = 1
    for network in networks {
      if families.insert(network.address.isV6).inserted {
        let width = UInt32(network.address.bytes.count)
        requests.append(table.addMap(anyMap(network.address.isV6), keyLength: 8, valueLength: width + 4, id: id))
        requests.append(table.addMap(addressMap(network.address.isV6), keyLength: width + 8, valueLength: width + 4, id: id + 1))
        id += 2
        if isRouted {
          requests.append(table.addSet(podSet(network.address.isV6), keyLength: width, id: id))
          id += 1
        }
        for chain in ["prerouting", "output"] {
          requests.append(table.addRule(chain, hostPortRule(network, byAddress: true)))
          requests.append(table.addRule(chain, hostPortRule(network, byAddress: false)))
        }
      }
      for rule in masqueradeRules(network) { requests.append(table.addRule("postrouting", rule)) }
    }
    return requests
  }

  /// The same for a table that is there, of which nothing else changes; right when it is closed already, too.
  func close() -> [NetlinkRequest] {
    let chain = closedChain.prefix(1)
    return chain + [table.deleteChain(Self.closed)] + closedChain
  }

  private var closedChain: [NetlinkRequest] {
    [
      table.addFilterChain(Self.closed, hook: .forward, priority: Self.filterPriority),
      table.addRule(
        Self.closed,
        interface(.outputInterfaceName) + interface(.inputInterfaceName, equal: false)
          + without([.connectionState(into: Self.first)], Self.knownConnection)
          + without([.connectionStatus(into: Self.first)], Self.destinationNATBit) + [.drop]),
    ]
  }

  func remove() -> [NetlinkRequest] { [table.addTable(), table.deleteTable()] }
  func check() -> NetlinkRequest { table.getTable() }

  func add(_ mapping: HostPortMapping, _ addresses: [IPAddress]) -> [NetlinkRequest] {
    targets(mapping, addresses).map { table.addElement($0.map, key: $0.key, value: mapping.value($0.address)) }
  }

  func delete(_ mapping: HostPortMapping, _ addresses: [IPAddress]) -> [NetlinkRequest] {
    targets(mapping, addresses).map { table.deleteElement($0.map, key: $0.key) }
  }

  private func targets(
    _ mapping: HostPortMapping, _ addresses: [IPAddress]
  ) -> [(map: String, key: [UInt8], address: IPAddress)] {
    addresses.compactMap { address in
      if mapping.hostIP.isEmpty { return (anyMap(address.isV6), mapping.portKey, address) }
      guard let host = IPAddress(mapping.hostIP), host.isV6 == address.isV6 else { return nil }
      return (addressMap(address.isV6), host.bytes + mapping.portKey, address)
    }
  }

  private func anyMap(_ six: Bool) -> String { six ? "ports6" : "ports4" }
  private func addressMap(_ six: Bool) -> String { six ? "addressports6" : "addressports4" }

  /// `meta nfproto ip fib daddr type local dnat to [ip daddr .] meta l4proto . th dport map @ports`.
  private func hostPortRule(_ network: IPNetwork, byAddress: Bool) -> [NFTExpression] {
    let six = network.address.isV6
    let words = UInt32(network.address.bytes.count / 4)
    var key = Self.first
    var rule =
      family(network) + [.destinationAddressType(into: Self.first), .compare(register: Self.first, equal: true, Self.local)]
    if byAddress {
      rule.append(.payload(.network, offset: six ? 24 : 16, length: words * 4, into: key))
      key += words
    }
    rule += [
      .meta(.transportProtocol, into: key), .payload(.transport, offset: 2, length: 2, into: key + 1),
    ]
    let value = key + 2
    rule += [
      .lookup(map: byAddress ? addressMap(six) : anyMap(six), key: Self.first, into: value),
      .destinationNAT(family: network.address.family, address: value, port: value + words),
    ]
    return rule
  }

  /// Pods without ports among them: `isRouted` only.
  func addPod(_ addresses: [IPAddress]) -> [NetlinkRequest] { addresses.map { table.addElement(podSet($0.isV6), key: $0.bytes) } }
  func deletePod(_ addresses: [IPAddress]) -> [NetlinkRequest] {
    addresses.map { table.deleteElement(podSet($0.isV6), key: $0.bytes) }
  }
  private func podSet(_ six: Bool) -> String { six ? "pods6" : "pods4" }

  private var throughHostPort: [NFTExpression] {
    [
      .connectionStatus(into: Self.first), .bitwise(register: Self.first, mask: Self.destinationNATBit),
      .compare(register: Self.first, equal: false, [0, 0, 0, 0]),
    ]
  }

  /// From the host's 127.0.0.1, and from one pod of the node to another or to itself: the answer must come back this way. The client's
  /// address stays otherwise.
  private func routedMasqueradeRules(_ network: IPNetwork) -> [[NFTExpression]] {
    let six = network.address.isV6
    let (width, place) = (UInt32(network.address.bytes.count), UInt32(six ? 8 : 12))
    func isPod(_ offset: UInt32) -> [NFTExpression] {
      [
        .payload(.network, offset: offset, length: width, into: Self.first),
        .member(set: podSet(six), key: Self.first, inside: true),
      ]
    }
    var rules = [family(network) + throughHostPort + isPod(place) + isPod(place + width) + [.masquerade]]
    if !six, let loopback = IPNetwork("127.0.0.0/8") {
      rules.append(family(network) + throughHostPort + source(loopback, equal: true) + [.masquerade])
    }
    return rules
  }

  private func masqueradeRules(_ network: IPNetwork) -> [[NFTExpression]] {
    if isRouted { return routedMasqueradeRules(network) }
    var rules = [
      // From a pod to anywhere but the pods.
      family(network) + source(network, equal: true) + destination(network, equal: false) + [.masquerade],
      // From a pod to a pod through a host port: the answer must come back this way.
      family(network) + throughHostPort + source(network, equal: true) + destination(network, equal: true) + [.masquerade],
    ]
    if !network.address.isV6, let loopback = IPNetwork("127.0.0.0/8") {
      // From the host's 127.0.0.1 through a host port.
      rules.append(
        family(network) + interface(.outputInterfaceName)
          + source(loopback, equal: true) + [.masquerade])
    }
    return rules
  }

  /// None of the bits.
  private func without(_ load: [NFTExpression], _ bits: [UInt8]) -> [NFTExpression] {
    load + [.bitwise(register: Self.first, mask: bits), .compare(register: Self.first, equal: true, [0, 0, 0, 0])]
  }

  /// The packet comes from, or goes to, the bridge.
  private func interface(_ key: NFTExpression.MetaKey, equal: Bool = true) -> [NFTExpression] {
    interface(key, settings.bridgeName, equal: equal)
  }

  private func interface(_ key: NFTExpression.MetaKey, _ name: String, equal: Bool) -> [NFTExpression] {
    [.meta(key, into: Self.first), .compare(register: Self.first, equal: equal, settings.linkKey(name))]
  }

  private func family(_ network: IPNetwork) -> [NFTExpression] {
    [.meta(.networkProtocol, into: Self.first), .compare(register: Self.first, equal: true, [network.address.family])]
  }

  private func source(_ network: IPNetwork, equal: Bool) -> [NFTExpression] {
    inside(network, offset: network.address.isV6 ? 8 : 12, equal: equal)
  }

  private func destination(_ network: IPNetwork, equal: Bool) -> [NFTExpression] {
    inside(network, offset: network.address.isV6 ? 24 : 16, equal: equal)
  }

  private func inside(_ network: IPNetwork, offset: UInt32, equal: Bool) -> [NFTExpression] {
    let width = network.address.bytes.count
    let mask = (0..<width).map { byte -> UInt8 in
      let bits = min(8, max(0, network.prefix - byte * 8))
      return bits == 0 ? 0 : UInt8(truncatingIfNeeded: 0xff << (8 - bits))
    }
    return [
      .payload(.network, offset: offset, length: UInt32(width), into: Self.first), .bitwise(register: Self.first, mask: mask),
      .compare(register: Self.first, equal: equal, network.address.bytes),
    ]
  }
}
