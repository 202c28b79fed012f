import Netlink

/// What a pod may send: frames with its own hardware address, ARP and neighbour discovery about its own addresses, packets from its own
/// addresses, and no router's messages. A table of its own, in a family that sees frames before the bridge learns from them or floods
/// them. Pure: gives requests.
///
/// Without it a pod with CAP_NET_RAW (the default) gets another pod's traffic with one ARP answer, makes the bridge send it there with one
/// frame, and becomes everybody's IPv6 router with one advertisement (CVE-2020-10749).
///
/// A port that has no entry in `ports` is somebody else's, and is left alone.
struct PortGuard {
  let settings: BridgeNetworkSettings
  /// `bridge` sees every port in one chain; `netdev` needs a chain for each port.
  let family: NFTRequests.Family
  private var table: NFTRequests { NFTRequests(table: settings.tableName, family: family) }

  private static let priority: Int32 = -300
  private static let first: UInt32 = 8  // NFT_REG32_00
  private static let ports = "ports"
  private static let checks = "checks"
  private static func set(_ six: Bool) -> String { six ? "addresses6" : "addresses4" }

  // Ethernet types.
  private static let ipv4: [UInt8] = [0x08, 0x00]
  private static let arp: [UInt8] = [0x08, 0x06]
  private static let ipv6: [UInt8] = [0x86, 0xdd]

  /// Replaces the whole table in one transaction, with the ports of these records.
  func install(_ records: [AttachmentRecord]) -> [NetlinkRequest] {
    var requests = [table.addTable(), table.deleteTable(), table.addTable()]
    requests.append(table.addSet(Self.ports, keyLength: 16, id: 1))
    requests.append(table.addSet(Self.set(false), keyLength: 28, id: 2))
    requests.append(table.addSet(Self.set(true), keyLength: 40, id: 3))
    requests.append(
      family == .bridge
        ? table.addFilterChain(Self.checks, hook: .prerouting, priority: Self.priority) : table.addChain(Self.checks))
    for rule in rules { requests.append(table.addRule(Self.checks, rule)) }
    return requests + records.flatMap(add)
  }

  func remove() -> [NetlinkRequest] { [table.addTable(), table.deleteTable()] }
  func check() -> NetlinkRequest { table.getTable() }

  /// Before the link is made: there is no moment in which it is not checked.
  func add(_ record: AttachmentRecord) -> [NetlinkRequest] {
    keys(record).map { table.addElement($0.set, key: $0.key) }
  }

  /// Once the link is there, before it can carry anything.
  func watch(_ record: AttachmentRecord) -> [NetlinkRequest] {
    guard family == .netdev, record.hardwareAddress != nil else { return [] }
    return [
      table.addIngressChain(record.link, device: record.link, priority: Self.priority),
      table.addRule(record.link, [.jump(chain: Self.checks)]),
    ]
  }

  /// After the link is gone. Each by itself: what the kernel removed with the link is ENOENT.
  func delete(_ record: AttachmentRecord) -> [NetlinkRequest] {
    guard record.hardwareAddress != nil else { return [] }
    return (family == .netdev ? [table.deleteChain(record.link)] : [])
      + keys(record).map { table.deleteElement($0.set, key: $0.key) }
  }

  private func keys(_ record: AttachmentRecord) -> [(set: String, key: [UInt8])] {
    guard let hardware = record.hardwareAddress.flatMap(HardwareAddress.init) else { return [] }
    let port = settings.linkKey(record.link)
    let sender = port + hardware.bytes + [0, 0]
    let addresses = record.addresses.compactMap(IPAddress.init)
    var keys = addresses.map { (Self.set($0.isV6), sender + $0.bytes) }
    if addresses.contains(where: \.isV6) { keys.append((Self.set(true), sender + hardware.linkLocal.bytes)) }
    keys.append((Self.ports, port))
    return keys
  }

  // MARK: Rules

  /// In order. What no rule accepts is dropped: a frame too short to be looked at, a VLAN tag (that of priority 0 is taken off on arrival),
  /// 802.3, and everything else that is neither IP nor ARP.
  private var rules: [[NFTExpression]] {
    let first = Self.first
    let port: [NFTExpression] = [.meta(.inputInterfaceName, into: first)]
    // `iifname . ether saddr`; the address comes into the registers after it.
    let sender = port + [.payload(.link, offset: 6, length: 6, into: first + 4)]
    func kind(_ type: [UInt8]) -> [NFTExpression] {
      [.payload(.link, offset: 12, length: 2, into: first), .compare(register: first, equal: true, type)]
    }
    func own(_ base: NFTExpression.PayloadBase, _ offset: UInt32, six: Bool, _ inside: Bool = true) -> [NFTExpression] {
      [
        .payload(base, offset: offset, length: six ? 16 : 4, into: first + 6),
        .member(set: Self.set(six), key: first, inside: inside),
      ]
    }
    func icmp6(_ type: UInt8) -> [NFTExpression] {
      kind(Self.ipv6) + [
        .meta(.transportProtocol, into: first), .compare(register: first, equal: true, [58]),
        .payload(.transport, offset: 0, length: 1, into: first), .compare(register: first, equal: true, [type]),
      ]
    }
    let arp: [NFTExpression] =
      kind(Self.arp) + [
        // For IPv4 over Ethernet.
        .payload(.network, offset: 0, length: 6, into: first), .compare(register: first, equal: true, [0, 1, 8, 0, 6, 4]),
      ] + port + [.payload(.network, offset: 8, length: 6, into: first + 4)] + own(.network, 14, six: false)
    let unspecified = [UInt8](repeating: 0, count: 16)
    return [
      port + [.member(set: Self.ports, key: first, inside: false), .accept],
      // The sender it speaks of, and the frame's own, are the pod.
      arp + sender + own(.network, 14, six: false) + [.accept],
      kind(Self.ipv4) + sender + own(.network, 12, six: false) + [.accept],
      // Router advertisement, redirect.
      icmp6(134) + [.drop],
      icmp6(137) + [.drop],
      // Neighbour advertisement: who has the address it speaks of.
      icmp6(136) + sender + own(.transport, 8, six: true, false) + [.drop],
      // Neighbour solicitation without an address: the test whether its own address is free.
      icmp6(135) + [.payload(.network, offset: 8, length: 16, into: first), .compare(register: first, equal: true, unspecified)]
        + sender + own(.transport, 8, six: true) + [.accept],
      kind(Self.ipv6) + sender + own(.network, 8, six: true) + [.accept],
      port + [.member(set: Self.ports, key: first, inside: true), .drop],
    ]
  }
}
