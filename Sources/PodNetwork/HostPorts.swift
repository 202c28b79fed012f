import Netlink

/// Ports of the host that lead to pods.
struct HostPorts: Sendable {
  let firewall: Firewall
  let netfilter: NetlinkSocket
  private var settings: BridgeNetworkSettings { firewall.settings }

  /// Before they are claimed: what cannot be served.
  func check(_ mappings: [HostPortMapping]) throws(PodNetworkError) {
    let families = Array(Set(settings.networks.map(\.address.isV6)))
    for mapping in mappings where !mapping.hostIP.isEmpty {
      let what = "host IP '\(mapping.hostIP)' of host port \(mapping.hostPort)"
      guard let address = IPAddress(mapping.hostIP) else { throw PodNetworkError(.invalidSettings, "\(what) is no address") }
      guard families.contains(address.isV6) else {
        throw PodNetworkError(.invalidSettings, "\(what) leads nowhere: pods have no IPv\(address.isV6 ? 6 : 4) addresses")
      }
    }
    for mapping in mappings { try HostPortProbe.check(mapping, families: families) }
  }

  /// The record names them already: a failure is taken back by what it says.
  func open(_ record: AttachmentRecord) throws(NetlinkError) {
    let addresses = record.addresses.compactMap(IPAddress.init)
    try netfilter.transaction(record.ports.flatMap { firewall.add($0, addresses) })
    // What clients sent before the pod was there.
    forgetFlows(record.ports) { mapping, flow in
      !flow.isReplied && flow.replySource == flow.destination
        && (mapping.hostIP.isEmpty || mapping.hostIP == flow.destination.description)
    }
  }

  /// New packets no longer get to the pod. Idempotent.
  func close(_ record: AttachmentRecord) throws(NetlinkError) {
    for mapping in record.ports {
      for request in firewall.delete(mapping, record.addresses.compactMap(IPAddress.init)) {
        do throws(NetlinkError) { try netfilter.transaction([request]) } catch {
          if error.code != 2 { throw error }  // ENOENT: gone with a flushed table
        }
      }
    }
    forgetFlows(to: record)
  }

  /// Packets of streams that began before no longer get to the pod's addresses.
  func forgetFlows(to record: AttachmentRecord) {
    let addresses = Set(record.addresses)
    forgetFlows(record.ports) { _, flow in addresses.contains(flow.replySource.description) }
  }

  /// UDP has no end of a connection: as long as a client sends, the kernel leads its packets to where the first one went, not to the
  /// pod that has the port now. A kernel without nf_conntrack_netlink keeps such flows until they are quiet for 30 seconds.
  private func forgetFlows(_ mappings: [HostPortMapping], where matches: (HostPortMapping, ConntrackFlow) -> Bool) {
    let datagrams = mappings.filter { $0.transport == .udp }
    guard !datagrams.isEmpty else { return }
    for family in Set(settings.pools.value.all.map(\.address.family)) {
      guard let flows = try? netfilter.dump(ConntrackFlow.list(family: family)).compactMap(ConntrackFlow.init) else { continue }
      for flow in flows where flow.transport == HostPortMapping.Transport.udp.rawValue {
        guard datagrams.contains(where: { $0.hostPort == flow.destinationPort && matches($0, flow) }) else { continue }
        try? netfilter.perform(flow.delete())  // ENOENT: it ended by itself
      }
    }
  }
}
