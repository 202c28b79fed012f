import Glibc
import LinuxSystem
import Netlink

/// What one attachment is in the kernel: a veth pair between the bridge and a namespace, and the pod's end of it.
struct PodLink: Sendable {
  let settings: BridgeNetworkSettings
  let bridge: Bridge
  let route: NetlinkSocket
  let antiSpoofing: AntiSpoofing

  private static let interface = "eth0"
  /// As Docker and containerd 2 have it: nobody needs to be root or to hold NET_RAW or NET_BIND_SERVICE for ports below 1024 or an ICMP
  /// echo socket of the pod's own network. Source: ip-sysctl.rst.
  private static let unprivilegedPorts = [("ipv4/ip_unprivileged_port_start", "0"), ("ipv4/ping_group_range", "0\t2147483647")]

  /// In the calling thread's network namespace.
  static func setUnprivilegedPorts() throws(SystemCallError) {
    for (path, value) in unprivilegedPorts { try Sysctl.set(path, value) }
  }

  /// Makes the pair for a record that is written, checked from its first frame. It carries traffic when this returns.
  func make(_ record: AttachmentRecord, in namespace: SharedDescriptor) throws {
    let addresses = record.addresses.compactMap(IPAddress.init)
    guard let hardware = record.hardwareAddress.flatMap(HardwareAddress.init) else {
      throw PodNetworkError(.system, "the record of \(record.owner) has no hardware address")
    }
    try antiSpoofing.admit(record)
    try namespace.withRaw { raw in
      let create = RouteRequests.createVeth(
        record.link, peer: Self.interface, namespace: raw, bridge: bridge.index, mtu: settings.mtu, address: hardware.bytes)
      do throws(NetlinkError) { try route.perform(create) } catch {
        // EEXIST: a link with this name whose record is lost.
        guard error.code == 17 else { throw error }
        try route.perform(RouteRequests.deleteLink(record.link))
        try route.perform(create)
      }
      try Faults.check(.vethCreate, .middle)
      try route.perform(RouteRequests.setAlias(settings.linkAlias, link: record.link))
    }
    try antiSpoofing.watch(record)
    try Faults.check(.vethCreate, .after)
    try Faults.check(.networkConfigure)
    try NetworkNamespace.run(in: namespace) { try configure(addresses, hardware) }.get()
    try waitUntilForwarding(record.link)
    try Faults.check(.networkConfigure, .after)
  }

  /// Runs inside the pod's namespace.
  private func configure(_ addresses: [IPAddress], _ hardware: HardwareAddress) throws {
    let inside = try NetlinkConnection.route()
    guard let eth0 = LinkInfo(try inside.get(RouteRequests.getLink(Self.interface))) else {
      throw PodNetworkError(.system, "the kernel's answer about the pod's \(Self.interface) is not about a link")
    }
    if settings.unprivilegedPorts { try Self.setUnprivilegedPorts() }
    try Sysctl.setIfPresent("ipv4/conf/all/accept_redirects", "0")
    try RouterMessages.refuse(on: Self.interface)
    // No link-local address by itself: it would be usable only after a second, and there without an IPv6 network, too.
    try Sysctl.setIfPresent("ipv6/conf/\(Self.interface)/addr_gen_mode", "1")
    var requests = [RouteRequests.setUp(index: 1, name: "lo")]  // loopback is always the first
    let own = addresses.compactMap { address in settings.network(of: address).map { (address, $0) } }
    for (address, network) in own {
      requests.append(RouteRequests.addAddress(address, prefix: network.prefix, index: eth0.index))
      if address.isV6 { requests.append(RouteRequests.addAddress(hardware.linkLocal, prefix: 64, index: eth0.index)) }
    }
    requests.append(RouteRequests.setUp(index: eth0.index, name: Self.interface))
    for (_, network) in own {
      requests.append(RouteRequests.addDefaultRoute(via: settings.gateway(network), index: eth0.index))
    }
    try inside.perform(requests)
  }

  /// The bridge drops what comes and goes until a kernel worker has told it that the link is up. On a busy machine that was 0.2 s and more
  /// after the link was set up: the first ARP packet was lost, and sent again a second later. Asking about the link makes the kernel do it now (since 6.6), or soon.
  private func waitUntilForwarding(_ link: String) throws(NetlinkError) {
    for _ in 0..<1000 {
      guard let info = LinkInfo(try route.get(RouteRequests.getLink(link))), !info.isForwarding else { return }
      usleep(1000)
    }
    // A bridge with spanning tree (somebody's setting) listens and learns for 30 seconds first.
  }

  func isThere(_ record: AttachmentRecord) -> Bool { (try? route.get(RouteRequests.getLink(record.link))) != nil }

  /// Lets the pod reach itself through its host ports.
  func setHairpin(_ record: AttachmentRecord) throws(NetlinkError) {
    guard let info = LinkInfo(try route.get(RouteRequests.getLink(record.link))) else { return }
    try route.perform(RouteRequests.setHairpin(index: info.index, name: record.link))
  }
}
