import Netlink

/// Hosts whose firewall drops what it does not know (Docker's, ufw's `FORWARD` policy): a rule at the end of each such nf_tables chain lets
/// the pods' packets through that no rule before it decided about. An accept in our own table would not do: every table of a hook has to
/// agree.
///
/// A chain of legacy iptables, and one that ends in a rule that drops or rejects (firewalld), cannot be helped this way.
struct ForwardPolicy {
  let settings: BridgeNetworkSettings
  private static let first: UInt32 = 8  // NFT_REG32_00
  private static let forwardHook: UInt32 = 2  // NF_INET_FORWARD

  /// The chains that would drop the pods' packets.
  func hostile(_ chains: [NFTChain]) -> [(table: NFTRequests, chain: String)] {
    let families = Set(settings.pools.value.all.map { $0.address.isV6 ? NFTRequests.Family.ipv6 : .ipv4 } + [.inet])
    return chains.compactMap { chain in
      guard chain.hook == Self.forwardHook, chain.dropsByPolicy, let family = NFTRequests.Family(rawValue: chain.family),
        families.contains(family)
      else { return nil }
      return (NFTRequests(table: chain.table, family: family), chain.name)
    }
  }

  /// Only expressions that `iptables` (the nf_tables one) knows: of others it says that the table is incompatible, and refuses to work.
  func accept(_ table: NFTRequests, _ chain: String) -> [NetlinkRequest] {
    let bridge = settings.linkKey(settings.bridgeName)
    return [NFTExpression.MetaKey.inputInterfaceName, .outputInterfaceName].map { key in
      table.addRule(
        chain, [.meta(key, into: Self.first), .compare(register: Self.first, equal: true, bridge), .accept],
        mark: settings.tableName)
    }
  }

  /// Whether there are such chains, and those of them that have no rule of ours.
  func look(
    _ netfilter: NetlinkSocket
  ) throws(NetlinkError) -> (isHostile: Bool, missing: [(table: NFTRequests, chain: String)]) {
    let chains = hostile(try netfilter.dump(NFTChain.list()).compactMap(NFTChain.init))
    var missing: [(table: NFTRequests, chain: String)] = []
    for (table, chain) in chains where try rules(netfilter, table, chain).isEmpty { missing.append((table, chain)) }
    return (!chains.isEmpty, missing)
  }

  /// Opens chains that `look` found. `Firewall` closes the pods' own addresses first, so that there is no moment in which they are open.
  func open(_ missing: [(table: NFTRequests, chain: String)], _ netfilter: NetlinkSocket) throws(NetlinkError) {
    for (table, chain) in missing { try netfilter.transaction(accept(table, chain)) }
  }

  /// Takes every rule back, in whatever chain it is.
  func remove(_ netfilter: NetlinkSocket) throws(NetlinkError) {
    for chain in try netfilter.dump(NFTChain.list()).compactMap(NFTChain.init) where chain.hook == Self.forwardHook {
      guard let family = NFTRequests.Family(rawValue: chain.family) else { continue }
      let table = NFTRequests(table: chain.table, family: family)
      for rule in try rules(netfilter, table, chain.name) {
        try netfilter.transaction([table.deleteRule(chain.name, handle: rule.handle)])
      }
    }
  }

  /// Ours in a chain.
  private func rules(_ netfilter: NetlinkSocket, _ table: NFTRequests, _ chain: String) throws(NetlinkError) -> [NFTRule] {
    try netfilter.dump(table.listRules(chain)).compactMap(NFTRule.init).filter { $0.mark == settings.tableName }
  }
}
