import LinuxSystem
import Netlink

extension BridgeNetwork {
  /// Writes down again what pods on the node have and the store lost, before anybody else is given it.
  /// - Parameter present: every pod that is on the node; of two that had one address the younger has it.
  /// - Returns: whose networks were lost.
  public func restore(_ present: [NetworkOwner]) async throws(PodNetworkError) -> [String] {
    try await runBlocking { [self] () throws(PodNetworkError) in
      let owners = Set(present.map(\.owner))
      var restored: [String] = []
      for pod in present.sorted(by: { $0.createdAt > $1.createdAt }) where attachments[pod.owner] == nil {
        guard let address = pod.addresses.first.flatMap(IPAddress.init) else { continue }
        let record = AttachmentRecord(
          owner: pod.owner, addresses: pod.addresses, link: settings.linkName(pod.addresses), ports: pod.portMappings,
          hardwareAddress: HardwareAddress(for: address).description)
        if try attachments.restore(record, present: owners) { restored.append(pod.owner) }
      }
      // Rules are made of records.
      if !restored.isEmpty { try prepare() }
      return restored
    }
  }

  /// Brings kernel and records together at start: what belongs to none of `liveOwners` goes. One that cannot be given back holds up no
  /// other, and is reported.
  public func reconcile(liveOwners: Set<String>) throws(PodNetworkError) -> NetworkReport {
    var report = NetworkReport()
    for record in attachments.all {
      let addresses = record.addresses.joined(separator: ", ")
      switch record.use {
      case .leaving: reaper.add(record)
      case .prepared:
        // Its namespace went with the agent that made it.
        giveBack(record)
        report.sentences.append("gave back \(addresses), made in advance")
      case .pod where !liveOwners.contains(record.owner):
        do throws(PodNetworkError) {
          try detach(owner: record.owner)
          report.sentences.append("gave back the addresses \(addresses) of \(record.owner)")
        } catch {
          report.failures.append("cannot give back the addresses \(addresses) of \(record.owner): \(error)")
        }
      case .pod: break
      }
    }
    for id in attachments.unreadable {
      report.failures.append("the record of the network of \(id) cannot be read: its link is removed")
      do throws(PodNetworkError) { try attachments.forget(unreadable: id) } catch { report.failures.append("\(error)") }
    }
    for name in try strayLinks() {
      do throws(NetlinkError) {
        try route.perform(RouteRequests.deleteLink(name))
        report.sentences.append("removed link \(name)")
      } catch {
        if error.code != 19 { report.failures.append("cannot remove link \(name): \(error)") }  // ENODEV
      }
    }
    return report
  }
}
