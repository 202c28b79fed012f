import Netlink
import Synchronization

/// The checks of `PortGuard` in the kernel, in the best family it has.
final class AntiSpoofing: Sendable {
  private let settings: BridgeNetworkSettings
  private let netfilter: NetlinkSocket
  /// In order of preference.
  private let families: [NFTRequests.Family]
  private let installed = Mutex<NFTRequests.Family?>(nil)

  init(_ settings: BridgeNetworkSettings, _ netfilter: NetlinkSocket, families: [NFTRequests.Family]) {
    self.settings = settings
    self.netfilter = netfilter
    self.families = families
  }

  private var portGuard: PortGuard? { installed.withLock { $0 }.map { PortGuard(settings: settings, family: $0) } }

  /// What an operator should know; nil: every port is checked.
  var note: String? {
    switch installed.withLock({ $0 }) {
    case .none: "this kernel has no nf_tables for bridges or devices: what pods send is not checked"
    case .some(.bridge): nil
    case .some: "this kernel has no nf_tables for bridges: what pods send is checked at each device"
    }
  }

  /// Makes the table with the ports of these records, in the first family that the kernel has.
  func install(_ records: [AttachmentRecord]) throws(NetlinkError) {
    installed.withLock { $0 = nil }
    for family in families {
      let portGuard = PortGuard(settings: settings, family: family)
      do throws(NetlinkError) { try netfilter.transaction(portGuard.install(records)) } catch {
        // ENOENT, EPROTONOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT: no such family, or a part of it is missing.
        guard [2, 93, 95, 97].contains(error.code) else { throw error }
        continue
      }
      installed.withLock { $0 = family }
      for record in records { try? watch(record) }  // a link that is gone needs no watch
      return
    }
  }

  /// Throws when the table is gone.
  func check() throws(NetlinkError) {
    if let portGuard { _ = try netfilter.get(portGuard.check()) }
  }

  func remove() throws(NetlinkError) {
    if let portGuard { try netfilter.transaction(portGuard.remove()) }
  }

  /// Before the link is made.
  func admit(_ record: AttachmentRecord) throws(NetlinkError) {
    if let portGuard { try netfilter.transaction(portGuard.add(record)) }
  }

  /// After the link was made, before it carries anything.
  func watch(_ record: AttachmentRecord) throws(NetlinkError) {
    if let portGuard { try netfilter.transaction(portGuard.watch(record)) }
  }

  /// After the link is gone. Idempotent.
  func forget(_ record: AttachmentRecord) throws(NetlinkError) {
    for request in portGuard?.delete(record) ?? [] {
      do throws(NetlinkError) { try netfilter.transaction([request]) } catch {
        if error.code != 2 { throw error }  // ENOENT: gone with the link, or with a flushed table
      }
    }
  }
}
