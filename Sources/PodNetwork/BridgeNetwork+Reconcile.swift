import LinuxSystem
import Netlink

extension BridgeNetwork {
  /// A network that the store lost: whose, and what of the store it replaces.
  public struct Restored: Sendable {
    public let owner: String
    let replaced: [String]
  }

  /// Gives back what pods on the node have and the store lost, before anybody else is given it; `writeDown` is for each of them then.
  /// - Parameter present: every pod that is on the node; of two that had one address or host port the younger has it.
  /// - Returns: whose networks were lost, and what cannot be as it was, as sentences.
  public func restore(_ present: [NetworkOwner]) async -> (restored: [Restored], problems: [String]) {
    await runBlocking { [self] in
      let owners = Set(present.map(\.owner))
      var (restored, problems): ([Restored], [String]) = ([], [])
      for pod in present.sorted(by: { $0.createdAt > $1.createdAt }) where attachments[pod.owner] == nil {
        guard let address = pod.addresses.first.flatMap(IPAddress.init) else { continue }
        let record = AttachmentRecord(
          owner: pod.owner, addresses: pod.addresses, link: settings.linkName(pod.addresses), ports: pod.portMappings,
          hardwareAddress: HardwareAddress(for: address).description)
        if let replaced = attachments.restore(record, present: owners, &problems) {
          restored.append(Restored(owner: pod.owner, replaced: replaced))
        }
      }
      // Rules are made of records.
      if !restored.isEmpty {
        do throws(PodNetworkError) { try prepare() } catch { problems.append("\(error)") }
      }
      return (restored, problems)
    }
  }

  /// A failure costs nothing but the work of doing it again at the next start.
  public func writeDown(_ network: Restored) throws(PodNetworkError) {
    try attachments.save(network.owner, replacing: network.replaced)
  }

  /// Brings kernel and records together at start: what belongs to none of `liveOwners` goes. One that cannot be given back holds up no
  /// other, and is reported.
  public func reconcile(liveOwners: Set<String>) throws(PodNetworkError) -> NetworkReport {
    var report = NetworkReport()
    report.failures += attachments.problems
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
