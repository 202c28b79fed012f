import Netlink

extension BridgeNetwork {
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
