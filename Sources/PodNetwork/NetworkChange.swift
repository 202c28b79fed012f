import Netlink
import Store
import Synchronization

/// Changes the networks of a bridge while pods come and go. Pods keep their addresses, and the bridge what leads to them; a network of
/// which no pod has an address any more goes. What was changed outlives the agent, until its configuration says something else.
final class NetworkChange: Sendable {
  /// What the store keeps of it.
  private struct Choice: Codable, Sendable {
    var podCIDR: String
    /// The configuration's, when this was asked for.
    var configured: String
    var former: [String]
  }
  private let settings: BridgeNetworkSettings
  private let attachments: Attachments
  private let bridge: Bridge
  private let firewall: Firewall
  private let netfilter: NetlinkSocket
  private let choices: Collection<Choice>
  /// Held during a change.
  private let busy = Mutex(())

  init(
    _ settings: BridgeNetworkSettings, _ attachments: Attachments, _ bridge: Bridge, _ firewall: Firewall,
    _ netfilter: NetlinkSocket,
    store: Store
  ) {
    (self.settings, self.attachments, self.bridge) = (settings, attachments, bridge)
    (self.firewall, self.netfilter) = (firewall, netfilter)
    choices = Self.choices(settings, store)
  }

  private static func choices(_ settings: BridgeNetworkSettings, _ store: Store) -> Collection<Choice> {
    Collection("network-cidr/\(settings.bridgeName)", in: store)
  }

  /// At start, before any address is given: what an earlier agent was told, unless the configuration changed since then.
  static func load(_ settings: BridgeNetworkSettings, store: Store) throws(StoreError) {
    guard let choice = try choices(settings, store).get(settings.bridgeName) else { return }
    var value = settings.pools.value
    let chosen = (try? BridgeNetworkSettings.networks(choice.podCIDR)) ?? []
    var former = choice.former.compactMap { IPNetwork($0) }
    if choice.configured == value.podCIDR, !chosen.isEmpty {
      (value.podCIDR, value.current) = (choice.podCIDR, chosen)
    } else {
      former += chosen
    }
    value.former = former.filter { !value.current.contains($0) }
    settings.pools.value = value
  }

  /// Blocking. False when these are the networks already.
  /// - Throws: `.invalidSettings` for what is no pod CIDR; nothing has changed then.
  func change(to podCIDR: String) throws(PodNetworkError) -> Bool {
    let networks = try BridgeNetworkSettings.networks(podCIDR)
    return try busy.withLock { _ throws(PodNetworkError) in
      let old = settings.pools.value
      if networks == old.current { return false }
      let new = PodNetworks.Value(podCIDR: podCIDR, current: networks, former: old.all.filter { !networks.contains($0) })
      let added = networks.filter { !old.all.contains($0) }
      do {
        for network in added { try bridge.add(network) }
        try netfilter.transaction(firewall.add(added, besides: old.all))
        try save(new)
      } catch {
        for network in added { try? bridge.remove(network) }
        throw PodNetworkError(.system, "cannot change the pod CIDR to \(podCIDR)", cause: error)
      }
      // First what an address of either is understood by, then where addresses come from.
      settings.pools.value = new
      try network("cannot read where addresses of \(podCIDR) begin") { try attachments.setNetworks(networks) }
      return true
    }
  }

  /// Takes what leads to former networks off the bridge when nobody has an address of them. Blocking.
  func retire() {
    busy.withLock { _ in
      var value = settings.pools.value
      guard !value.former.isEmpty else { return }
      let used = attachments.all.flatMap { $0.addresses.compactMap(IPAddress.init) }
      for former in value.former where !used.contains(where: former.contains) {
        // Tried again with the next pod that goes, and at the next start.
        guard (try? bridge.remove(former)) != nil else { continue }
        value.former.removeAll { $0 == former }
      }
      guard value.former != settings.pools.value.former else { return }
      settings.pools.value = value
      // Else the next start takes it off again.
      try? save(value)
    }
  }

  private func save(_ value: PodNetworks.Value) throws(StoreError) {
    try choices.put(
      Choice(podCIDR: value.podCIDR, configured: settings.configuredCIDR, former: value.former.map(\.description)),
      id: settings.bridgeName)
  }
}
