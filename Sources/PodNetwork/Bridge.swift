import LinuxSystem
import Netlink
import Synchronization

/// The host's bridge with the pods' gateway addresses.
final class Bridge: Sendable {
  let settings: BridgeNetworkSettings
  private let route: NetlinkSocket
  private let known = Mutex<Int32>(0)

  init(_ settings: BridgeNetworkSettings, _ route: NetlinkSocket) {
    self.settings = settings
    self.route = route
  }

  /// Index of the link; 0 before `prepare`.
  var index: Int32 { known.withLock { $0 } }

  /// Makes or repairs the bridge. Idempotent.
  func prepare() throws(PodNetworkError) {
    let (settings, route, name) = (settings, route, settings.bridgeName)
    let link = try network("cannot set up bridge \(name)") {
      do throws(NetlinkError) {
        try route.perform(RouteRequests.createBridge(name, mtu: settings.mtu, address: settings.bridgeAddress))
      } catch {
        if error.code != 17 { throw error }  // EEXIST: ours from before
      }
      guard let link = LinkInfo(try route.get(RouteRequests.getLink(name))), link.kind == "bridge" else {
        throw PodNetworkError(.invalidSettings, "\(name) is a link of another kind on this host: give another --bridge")
      }
      try RouterMessages.refuse(on: name)
      try route.perform(RouteRequests.setUp(index: link.index, name: name))
      for network in settings.pools.value.all { try add(network, link.index) }
      return link
    }
    known.withLock { $0 = link.index }
  }

  /// Makes the bridge the gateway of one more network.
  func add(_ network: IPNetwork) throws { try add(network, index) }

  private func add(_ network: IPNetwork, _ index: Int32) throws {
    try route.perform(RouteRequests.addAddress(settings.gateway(network), prefix: network.prefix, index: index))
    try Forwarding.enable([network])
    // Answers to 127.0.0.1 may come in over the bridge: host ports on the loopback address.
    if !network.address.isV6 { try Sysctl.set("ipv4/conf/\(settings.bridgeName)/route_localnet", "1") }
  }

  /// Idempotent.
  func remove(_ network: IPNetwork) throws(NetlinkError) {
    let gateway = settings.gateway(network)
    do throws(NetlinkError) {
      try route.perform(RouteRequests.deleteAddress(gateway, prefix: network.prefix, index: index))
    } catch {
      if error.code != 99 { throw error }  // EADDRNOTAVAIL
    }
  }

  /// Throws when the link is not there.
  func check() throws(NetlinkError) { _ = try route.get(RouteRequests.getLink(settings.bridgeName)) }

  func remove() throws(NetlinkError) {
    do throws(NetlinkError) { try route.perform(RouteRequests.deleteLink(settings.bridgeName)) } catch {
      if error.code != 19 { throw error }  // ENODEV
    }
  }

  /// Links that are ports of the bridge, whoever made them.
  func ports() throws(PodNetworkError) -> [LinkInfo] {
    let (index, route) = (index, route)
    guard index != 0 else { return [] }
    return try network("cannot list links") {
      try route.dump(RouteRequests.listLinks()).compactMap(LinkInfo.init).filter { $0.master == index }
    }
  }
}
