public import LinuxSystem
import Netlink
public import Store
import Synchronization

/// A pod's place in the network.
public struct PodNetworkAttachment: Sendable {
  /// The pod's network namespace; whoever holds it keeps it alive.
  public let namespace: SharedDescriptor
  /// As text, in the order of the pod CIDR: the first is the pod's primary address.
  public let addresses: [String]
  /// The host's end of the veth pair.
  public let hostInterface: String
}

/// What a look at the records and the kernel repaired.
public struct NetworkReport: Sendable {
  public var sentences: [String] = []
}

/// What the store keeps of an attached pod.
struct AttachmentRecord: Codable, Sendable {
  var owner: String
  var addresses: [String]
  var link: String
  var ports: [HostPortMapping]
}

/// The built-in pod network: a bridge with the pods' gateway addresses, a veth pair and a lease for each pod, host ports and masquerading
/// in one nf_tables table. All by netlink, in process. Calls block for about a millisecond: not for the cooperative pool.
public final class BridgeNetwork: Sendable {
  public let settings: BridgeNetworkSettings
  private let pools: [AddressPool]
  private let store: Store
  private let records: Collection<AttachmentRecord>
  private let route: NetlinkSocket
  private let netfilter: NetlinkSocket
  private let firewall: Firewall
  /// Index of the bridge, known after `prepare`.
  private let bridge = Mutex<Int32>(0)
  /// Host ports are looked up, tested and taken as one step.
  private let ports = Mutex(())

  public var podCIDR: String { settings.podCIDR }

  public init(settings: BridgeNetworkSettings, store: Store) throws(PodNetworkError) {
    self.settings = settings
    self.store = store
    pools = settings.networks.map { AddressPool($0, name: settings.bridgeName, store: store) }
    records = Collection("network/\(settings.bridgeName)", in: store)
    firewall = Firewall(settings: settings)
    route = try network("cannot open a netlink socket") { try NetlinkSocket.route() }
    netfilter = try network("cannot open a netlink socket") { try NetlinkSocket.netfilter() }
  }

  // MARK: The node's part

  /// Makes or repairs the bridge, its addresses, forwarding and the nf_tables table. Idempotent.
  public func prepare() throws(PodNetworkError) {
    let name = settings.bridgeName
    try network("cannot set up bridge \(name)") {
      do throws(NetlinkError) {
        try route.perform(RouteRequests.createBridge(name, mtu: settings.mtu, address: settings.bridgeAddress))
      } catch {
        if error.code != 17 { throw error }  // EEXIST: ours from before
      }
      guard let link = LinkInfo(try route.get(RouteRequests.getLink(name))), link.kind == "bridge" else {
        throw PodNetworkError(.invalidSettings, "\(name) is a link of another kind on this host: give another --bridge")
      }
      bridge.withLock { $0 = link.index }
      try route.perform(RouteRequests.setUp(index: link.index, name: name))
      for network in settings.networks {
        try route.perform(RouteRequests.addAddress(settings.gateway(network), prefix: network.prefix, index: link.index))
        try setSysctl(network.address.isV6 ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward", "1")
      }
      // Answers to 127.0.0.1 may come in over the bridge: host ports on the loopback address.
      if settings.networks.contains(where: { !$0.address.isV6 }) { try setSysctl("net/ipv4/conf/\(name)/route_localnet", "1") }
    }
    try installFirewall()
  }

  private func setSysctl(_ path: String, _ value: String) throws(SystemCallError) {
    let file = "/proc/sys/\(path)"
    if let now = try? readFile(file), now.hasPrefix(value) { return }
    try writeFile(file, value)
  }

  private func installFirewall() throws(PodNetworkError) {
    let (firewall, records, netfilter) = (firewall, records, netfilter)
    try network("cannot install nf_tables table \(settings.tableName)") {
      let ports = try records.all().flatMap { record in record.ports.map { ($0, record.addresses.compactMap(IPAddress.init)) } }
      try netfilter.transaction(firewall.install(ports))
    }
  }

  /// Throws when bridge or table are not there (somebody flushed them).
  public func check() throws(PodNetworkError) {
    let (route, netfilter, name, request) = (route, netfilter, settings.bridgeName, firewall.check())
    try network("bridge \(name) or its nf_tables table is gone; restart swiftlet to make it again") {
      _ = try route.get(RouteRequests.getLink(name))
      _ = try netfilter.get(request)
    }
  }

  /// Removes bridge and table. Pods that are still attached lose their network.
  public func removeAll() throws(PodNetworkError) {
    let (route, netfilter, name, firewall) = (route, netfilter, settings.bridgeName, firewall)
    try network("cannot remove bridge \(name)") {
      try netfilter.transaction(firewall.remove())
      do throws(NetlinkError) { try route.perform(RouteRequests.deleteLink(name)) } catch {
        if error.code != 19 { throw error }  // ENODEV
      }
    }
  }

  // MARK: A pod's part

  /// The name of the host's end of a pod's veth pair, known before it is made.
  public func plannedLinkName(owner: String) -> String {
    // Over bridge and owner: several networks on one host do not meet.
    let digits = String(BridgeNetworkSettings.hash("\(settings.bridgeName)/\(owner)"), radix: 16)
    return "veth" + (String(repeating: "0", count: 16 - digits.count) + digits).prefix(11)
  }

  /// Makes the pod's namespace, links, addresses and host ports. A failure takes everything back.
  public func attach(owner: String, portMappings: [HostPortMapping]) throws(PodNetworkError) -> PodNetworkAttachment {
    do {
      return try build(owner: owner, portMappings)
    } catch {
      try? detach(owner: owner)
      throw error
    }
  }

  private func build(owner: String, _ mappings: [HostPortMapping]) throws(PodNetworkError) -> PodNetworkAttachment {
    let link = plannedLinkName(owner: owner)
    let namespace = try network("cannot make a network namespace") {
      try Faults.check(.networkNamespace)
      return try NetworkNamespace.create()
    }
    try network("lease") { try Faults.check(.addressLease) }
    var addresses: [IPAddress] = []
    for pool in pools { addresses.append(try pool.lease(to: owner)) }
    let texts = addresses.map(\.description)
    let (route, bridge, mtu, records) = (route, bridge.withLock { $0 }, settings.mtu, records)
    try network("cannot attach to bridge \(settings.bridgeName)") {
      try Faults.check(.vethCreate)
      // Before the link: what the record names is looked for at the next start.
      try records.put(AttachmentRecord(owner: owner, addresses: texts, link: link, ports: []), id: owner)
      try namespace.withRaw { raw in
        let create = RouteRequests.createVeth(link, peer: "eth0", namespace: raw, bridge: bridge, mtu: mtu)
        do throws(NetlinkError) { try route.perform(create) } catch {
          // EEXIST: an attempt before failed, and the kernel takes its time to remove the namespace with its link.
          guard error.code == 17 else { throw error }
          try route.perform(RouteRequests.deleteLink(link))
          try route.perform(create)
        }
      }
      try Faults.check(.networkConfigure)
      let settings = settings
      try NetworkNamespace.run(in: namespace) { try Self.configure(addresses, settings) }.get()
    }
    if !mappings.isEmpty { try publish(mappings, owner: owner, addresses: addresses, link: link) }
    return PodNetworkAttachment(namespace: namespace, addresses: texts, hostInterface: link)
  }

  /// Runs inside the pod's namespace.
  private static func configure(_ addresses: [IPAddress], _ settings: BridgeNetworkSettings) throws {
    let inside = try NetlinkSocket.route()
    guard let eth0 = LinkInfo(try inside.get(RouteRequests.getLink("eth0"))) else {
      throw PodNetworkError(.system, "the kernel's answer about the pod's eth0 is not about a link")
    }
    var requests = [RouteRequests.setUp(index: 1, name: "lo")]  // loopback is always the first
    for (address, network) in zip(addresses, settings.networks) {
      requests.append(RouteRequests.addAddress(address, prefix: network.prefix, index: eth0.index))
    }
    requests.append(RouteRequests.setUp(index: eth0.index, name: "eth0"))
    for network in settings.networks {
      requests.append(RouteRequests.addDefaultRoute(via: settings.gateway(network), index: eth0.index))
    }
    try inside.perform(requests)
  }

  /// Takes host ports: not those of another pod, and not those a process of the host listens on.
  private func publish(
    _ mappings: [HostPortMapping], owner: String, addresses: [IPAddress], link: String
  ) throws(PodNetworkError) {
    let (records, netfilter, firewall) = (records, netfilter, firewall)
    try ports.withLock { _ throws(PodNetworkError) in
      try network("cannot take host ports") {
        try Faults.check(.hostPort)
        for record in try records.all() {
          for port in record.ports {
            guard let clash = mappings.first(where: { $0.overlaps(port) }) else { continue }
            throw PodNetworkError(.portTaken, "host port \(clash.description) is taken by pod sandbox \(record.owner.prefix(13))")
          }
        }
        for mapping in mappings where !mapping.hostIP.isEmpty && IPAddress(mapping.hostIP) == nil {
          throw PodNetworkError(.invalidSettings, "host IP '\(mapping.hostIP)' of host port \(mapping.hostPort) is no address")
        }
        for mapping in mappings { try HostPortProbe.check(mapping) }
        // Hairpin: the pod may reach itself through its host port.
        if let info = LinkInfo(try route.get(RouteRequests.getLink(link))) {
          try route.perform(RouteRequests.setHairpin(index: info.index, name: link))
        }
        // Before the rules: a failure after this line is taken back by what the record names.
        try records.put(
          AttachmentRecord(owner: owner, addresses: addresses.map(\.description), link: link, ports: mappings), id: owner)
        try netfilter.transaction(mappings.flatMap { firewall.add($0, addresses) })
        // What clients sent before the pod was there.
        forgetFlows(mappings) { mapping, flow in
          !flow.isReplied && flow.replySource == flow.destination
            && (mapping.hostIP.isEmpty || mapping.hostIP == flow.destination.description)
        }
      }
    }
  }

  /// Gives everything back: host ports, leases, the record. The veth pair goes with the namespace, when its last holder does; removing it
  /// by hand would wait 10 ms and more for the kernel. Idempotent, and right after an attach that failed half-way.
  public func detach(owner: String) throws(PodNetworkError) {
    let (records, netfilter, firewall, store) = (records, netfilter, firewall, store)
    try network("cannot detach \(owner)") {
      if let record = try records.get(owner) {
        for mapping in record.ports {
          for request in firewall.delete(mapping, record.addresses.compactMap(IPAddress.init)) {
            do throws(NetlinkError) { try netfilter.transaction([request]) } catch {
              if error.code != 2 { throw error }  // ENOENT: gone with a flushed table
            }
          }
        }
        let addresses = Set(record.addresses)
        forgetFlows(record.ports) { _, flow in addresses.contains(flow.replySource.description) }
      }
      // Last, and together with the record: an address is free again only when nothing leads to it.
      try Leases(in: store).release(owner: owner)
      try records.remove(owner)
    }
  }

  /// UDP has no end of a connection: as long as a client sends, the kernel leads its packets to where the first one went, not to the
  /// pod that has the port now. A kernel without nf_conntrack_netlink keeps such flows until they are quiet for 30 seconds.
  private func forgetFlows(_ mappings: [HostPortMapping], where matches: (HostPortMapping, ConntrackFlow) -> Bool) {
    let datagrams = mappings.filter { $0.transport == .udp }
    guard !datagrams.isEmpty else { return }
    for family in Set(settings.networks.map(\.address.family)) {
      guard let flows = try? netfilter.dump(ConntrackFlow.list(family: family)).compactMap(ConntrackFlow.init) else { continue }
      for flow in flows where flow.transport == HostPortMapping.Transport.udp.rawValue {
        guard datagrams.contains(where: { $0.hostPort == flow.destinationPort && matches($0, flow) }) else { continue }
        try? netfilter.perform(flow.delete())  // ENOENT: it ended by itself
      }
    }
  }

  /// Brings kernel and records together at start: what belongs to none of `liveOwners` goes.
  public func reconcile(liveOwners: Set<String>) throws(PodNetworkError) -> NetworkReport {
    var report = NetworkReport()
    let (records, route, bridge) = (records, route, bridge.withLock { $0 })
    for record in try network("cannot read attachments", { try records.all() }) where !liveOwners.contains(record.owner) {
      try detach(owner: record.owner)
      report.sentences.append("gave back the addresses \(record.addresses.joined(separator: ", ")) of \(record.owner)")
    }
    // An agent that died between lease and record left leases that no record names.
    let (store, pools) = (store, pools)
    try network("cannot give back leases") {
      for owner in Set(try pools.flatMap { try $0.owners() }) where !liveOwners.contains(owner) {
        try Leases(in: store).release(owner: owner)
        report.sentences.append("gave back the lease of \(owner)")
      }
    }
    let live = Set(liveOwners.map(plannedLinkName))
    let links = try network("cannot list links") { try route.dump(RouteRequests.listLinks()).compactMap(LinkInfo.init) }
    for link in links where bridge != 0 && link.master == bridge && !live.contains(link.name) {
      do throws(NetlinkError) { try route.perform(RouteRequests.deleteLink(link.name)) } catch {
        if error.code != 19 { throw PodNetworkError(.system, "cannot remove link \(link.name)", cause: error) }
      }
      report.sentences.append("removed link \(link.name)")
    }
    return report
  }

  /// Names of host links that are ports of the bridge.
  public func linkNames() throws(PodNetworkError) -> [String] {
    let (route, bridge) = (route, bridge.withLock { $0 })
    return try network("cannot list links") {
      try route.dump(RouteRequests.listLinks()).compactMap(LinkInfo.init).filter { $0.master == bridge }.map(\.name)
    }
  }

  /// Traffic of a pod, seen from the pod.
  public func statistics(owner: String) throws(PodNetworkError) -> InterfaceStatistics? {
    let route = route
    let name = plannedLinkName(owner: owner)
    return try network("cannot read statistics of \(name)") {
      LinkInfo(try route.get(RouteRequests.getLink(name))).map { link in
        // What the host's end sends is what the pod receives.
        InterfaceStatistics(
          name: "eth0", rxBytes: link.sentBytes, rxErrors: link.sendErrors, txBytes: link.receivedBytes,
          txErrors: link.receiveErrors)
      }
    }
  }
}

public struct InterfaceStatistics: Sendable, Equatable {
  public let name: String
  public let rxBytes: UInt64
  public let rxErrors: UInt64
  public let txBytes: UInt64
  public let txErrors: UInt64
}

extension HostPortMapping {
  /// Whether both cannot be served at once.
  func overlaps(_ other: HostPortMapping) -> Bool {
    transport == other.transport && hostPort == other.hostPort
      && (hostIP.isEmpty || other.hostIP.isEmpty || hostIP == other.hostIP)
  }
}
