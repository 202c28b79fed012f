import LinuxSystem
import Netlink
public import Store
import Synchronization

/// The built-in pod network: a bridge with the pods' gateway addresses, a veth pair and a lease for each pod, host ports and masquerading
/// in one nf_tables table, checks of what pods send in another. All by netlink, in process.
///
/// Calls without `await` block for a millisecond, or as long as the kernel's routing lock is taken: not for the cooperative pool.
public final class BridgeNetwork: Sendable {
  public let settings: BridgeNetworkSettings
  let attachments: Attachments
  let bridge: Bridge
  let link: PodLink
  let antiSpoofing: AntiSpoofing
  let ports: HostPorts
  let prepared: PreparedNetworks
  let reaper: LinkReaper
  let change: NetworkChange
  let route: NetlinkSocket
  private let netfilter: NetlinkSocket
  private let firewall: Firewall
  private let forwardPolicy: ForwardPolicy
  /// Nothing was made, as other networks are in charge.
  private let isPostponed = Mutex(false)

  public var podCIDR: String { settings.podCIDR }

  /// Makes nothing yet; reads what an earlier agent attached.
  /// - Parameter warn: hears once of each network that cannot be given back and is tried again.
  public convenience init(
    settings: BridgeNetworkSettings, store: Store, warn: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(PodNetworkError) {
    try self.init(settings: settings, store: store, guardFamilies: [.bridge, .netdev], warn: warn)
  }

  /// - Parameter guardFamilies: where `AntiSpoofing` may be, best first.
  init(
    settings: BridgeNetworkSettings, store: Store, guardFamilies: [NFTRequests.Family],
    warn: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(PodNetworkError) {
    self.settings = settings
    let attachments = try network("cannot read attachments") {
      try NetworkChange.load(settings, store: store)
      return try Attachments(settings, store: store)
    }
    let route = try network("cannot open a netlink socket") { try NetlinkSocket.route() }
    let netfilter = try network("cannot open a netlink socket") { try NetlinkSocket.netfilter() }
    let antiSpoofing = AntiSpoofing(settings, netfilter, families: guardFamilies) { requests throws(NetlinkError) in
      try netfilter.transaction(requests)
    }
    let bridge = Bridge(settings, route)
    let link = PodLink(settings: settings, bridge: bridge, route: route, antiSpoofing: antiSpoofing)
    let firewall = Firewall(settings: settings)
    let ports = HostPorts(firewall: firewall, netfilter: netfilter)
    let prepared = PreparedNetworks(target: settings.prepared)
    let change = NetworkChange(settings, attachments, bridge, firewall, netfilter, store: store)
    let reaper = LinkReaper(
      route, warn: warn,
      leave: { record throws(PodNetworkError) in
        // Nothing to do when somebody else was faster.
        guard let now = attachments[record.owner], now.addresses == record.addresses else { return nil }
        try network("cannot close the host ports of \(now.owner)") { try ports.close(now) }
        return try attachments.move(now, to: now.leavingOwner)
      },
      gone: { [weak prepared] record throws(PodNetworkError) in
        try network("cannot give back the addresses of \(record.owner)") {
          try antiSpoofing.forget(record)
          // Once more: a packet may have been on its way when the ports were closed.
          ports.forgetFlows(to: record)
          try attachments.forget(record)
        }
        change.retire()
        prepared?.refill()
      })
    (self.attachments, self.bridge, self.link, self.antiSpoofing) = (attachments, bridge, link, antiSpoofing)
    (self.ports, self.reaper, self.route, self.netfilter) = (ports, reaper, route, netfilter)
    (self.firewall, forwardPolicy) = (firewall, ForwardPolicy(settings: settings))
    (self.prepared, self.change) = (prepared, change)
  }

  // MARK: The node's part

  /// Makes nothing of the node's part before the first pod comes.
  public func postpone() { isPostponed.withLock { $0 = true } }

  func prepareIfPostponed() throws(PodNetworkError) {
    try isPostponed.withLock { isPostponed throws(PodNetworkError) in
      if isPostponed { try prepare() }
      isPostponed = false
    }
  }

  /// Makes or repairs the bridge, its addresses, forwarding and the nf_tables tables. Idempotent, but not for a network that pods come to
  /// and go from meanwhile: the tables are replaced with what the records say at one moment.
  public func prepare() throws(PodNetworkError) {
    try bridge.prepare()
    let records = attachments.all.filter { $0.use != .leaving }
    try network("cannot install nf_tables table \(settings.tableName)") {
      let ports = records.flatMap { record in record.ports.map { ($0, record.addresses.compactMap(IPAddress.init)) } }
      let chains = try forwardPolicy.look(netfilter)
      try netfilter.transaction(firewall.install(ports, onlyThroughHostPorts: chains.isHostile))
      try antiSpoofing.install(records)
      try forwardPolicy.open(chains.missing, netfilter)
    }
    change.retire()
  }

  /// From the next pod on addresses are of other networks; the pods there are keep theirs.
  /// - Throws: `.invalidSettings` for what is no pod CIDR.
  public func setPodCIDR(_ podCIDR: String) async throws(PodNetworkError) {
    let hasChanged = try await runBlocking { [change] () throws(PodNetworkError) in try change.change(to: podCIDR) }
    guard hasChanged else { return }
    // Those that wait for pods have addresses of before.
    let isPreparing = prepared.isOpen
    let waiting = await prepared.close()
    await runBlocking { [self] in
      for member in waiting { giveBack(member.record) }
      change.retire()
    }
    if isPreparing { startPreparing() }
  }

  /// Throws when bridge or tables are not there (somebody flushed them). Adds the rules that let pods through firewalls that came later,
  /// and replaces nothing: pods come and go meanwhile.
  public func check() throws(PodNetworkError) {
    if isPostponed.withLock({ $0 }) { return }
    try network("bridge \(settings.bridgeName) or its nf_tables table is gone; restart swiftlet to make it again") {
      try bridge.check()
      _ = try netfilter.get(firewall.check())
      try antiSpoofing.check()
      let missing = try forwardPolicy.look(netfilter).missing
      if !missing.isEmpty { try netfilter.transaction(firewall.close()) }
      try forwardPolicy.open(missing, netfilter)
    }
  }

  /// What an operator should know though everything works, as a sentence; nil: nothing.
  public var note: String? { antiSpoofing.note }

  /// Removes bridge, tables and rules. Pods that are still attached lose their network.
  public func removeAll() throws(PodNetworkError) {
    try network("cannot remove bridge \(settings.bridgeName)") {
      try forwardPolicy.remove(netfilter)
      try netfilter.transaction(firewall.remove())
      try antiSpoofing.remove()
      try bridge.remove()
    }
  }

  // MARK: Questions

  /// Names of host links that are ports of the bridge, whoever made them.
  public func linkNames() throws(PodNetworkError) -> [String] { try bridge.ports().map(\.name) }

  /// Ours among them that no attachment explains: not a pod's, not one made in advance, not one on its way out.
  public func strayLinks() throws(PodNetworkError) -> [String] {
    let ports = try bridge.ports()
    let known = Set(attachments.all.map(\.link))
    return ports.filter { $0.alias == settings.linkAlias && !known.contains($0.name) }.map(\.name)
  }

  /// Sandboxes that have addresses.
  public var owners: [String] { attachments.all.filter { $0.use == .pod }.map(\.owner) }

  /// The host's end of a pod's veth pair. It is known only once the pod is attached; the name before that is no link's.
  public func plannedLinkName(owner: String) -> String { attachments[owner]?.link ?? settings.linkName([owner]) }

  /// Traffic of a pod, seen from the pod; nil when it has no network.
  public func statistics(owner: String) throws(PodNetworkError) -> InterfaceStatistics? {
    guard let name = attachments[owner]?.link else { return nil }
    return try network("cannot read statistics of \(name)") {
      LinkInfo(try route.get(RouteRequests.getLink(name))).map { link in
        // What the host's end sends is what the pod receives.
        InterfaceStatistics(
          name: "eth0", rxBytes: link.sentBytes, rxPackets: link.sentPackets, rxErrors: link.sendErrors,
          rxDropped: link.sendDrops, txBytes: link.receivedBytes, txPackets: link.receivedPackets,
          txErrors: link.receiveErrors, txDropped: link.receiveDrops)
      }
    }
  }
}
