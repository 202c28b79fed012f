import Netlink
import Synchronization

/// Host ports of pods whose plugins make none: an nf_tables table like the bridge's, made with the first port. Calls block.
final class CNIHostPorts: Sendable {
  struct Pod: Sendable {
    var addresses: [IPAddress]
    var ports: [HostPortMapping]
    /// Of the host, that lead to the pod.
    var interfaces: [String]
  }

  private struct State {
    var pods: [String: Pod] = [:]
    var isInstalled = false
  }
  private let state = Mutex(State())
  private let firewall: Firewall
  private let netfilter: NetlinkSocket
  private var ports: HostPorts { HostPorts(firewall: firewall, netfilter: netfilter) }

  /// - Parameter name: of the agent's bridge: tables of two agents do not meet.
  init(name: String) throws {
    // Every address: which pods have is the plugins' business.
    firewall = Firewall(
      settings: try BridgeNetworkSettings(bridgeName: "\(name.prefix(11))-cni", podCIDR: "0.0.0.0/0,::/0"), isRouted: true)
    netfilter = try NetlinkSocket.netfilter()
  }

  /// Takes the pod's ports: not those of another pod, and not those a process of the host listens on.
  func open(_ owner: String, _ pod: Pod) throws {
    try state.withLock { state in
      for port in pod.ports {
        guard let other = state.pods.first(where: { $0.key != owner && $0.value.ports.contains { $0.overlaps(port) } }) else {
          continue
        }
        throw PodNetworkError(.portTaken, "host port \(port.description) is taken by pod sandbox \(other.key.prefix(13))")
      }
      try ports.check(pod.ports)
      // A port on a host's address of a family that the pod does not have leads nowhere.
      for port in pod.ports {
        guard let host = IPAddress(port.hostIP), !pod.addresses.contains(where: { $0.isV6 == host.isV6 }) else { continue }
        throw PodNetworkError(
          .invalidSettings,
          "host IP '\(port.hostIP)' of host port \(port.hostPort) leads nowhere: the pod has no address of its family")
      }
      state.pods[owner] = pod
      do {
        if state.isInstalled {
          try netfilter.transaction(firewall.addPod(pod.addresses))
        } else if !pod.ports.isEmpty {
          try install(&state)
        }
        if !pod.ports.isEmpty { try lead(owner, pod) }
      } catch {
        state.pods[owner] = nil
        throw error
      }
    }
  }

  /// Idempotent.
  func close(_ owner: String) throws {
    try state.withLock { state in
      guard let pod = state.pods[owner] else { return }
      if state.isInstalled {
        try ports.close(record(owner, pod))
        for request in firewall.deletePod(pod.addresses) {
          do throws(NetlinkError) { try netfilter.transaction([request]) } catch {
            if error.code != 2 { throw error }  // ENOENT: gone with a flushed table
          }
        }
      }
      state.pods[owner] = nil
    }
  }

  /// What an earlier agent left: the table is made anew with these, or goes.
  func restore(_ pods: [String: Pod]) throws {
    try state.withLock { state in
      state.pods = pods
      guard pods.values.contains(where: { !$0.ports.isEmpty }) else { return try netfilter.transaction(firewall.remove()) }
      try install(&state)
      for (owner, pod) in pods where !pod.ports.isEmpty { try lead(owner, pod) }
    }
  }

  func remove() throws { try netfilter.transaction(firewall.remove()) }

  private func install(_ state: inout State) throws {
    try netfilter.transaction(firewall.install([]) + state.pods.values.flatMap { firewall.addPod($0.addresses) })
    state.isInstalled = true
  }

  private func lead(_ owner: String, _ pod: Pod) throws {
    // Answers to the host's 127.0.0.1 come back this way; what else comes for it the table drops (CVE-2020-8558).
    for interface in pod.interfaces { try Sysctl.setIfPresent("ipv4/conf/\(interface)/route_localnet", "1") }
    try ports.open(record(owner, pod))
  }

  private func record(_ owner: String, _ pod: Pod) -> AttachmentRecord {
    AttachmentRecord(owner: owner, addresses: pod.addresses.map(\.description), link: "", ports: pod.ports, hardwareAddress: nil)
  }
}
