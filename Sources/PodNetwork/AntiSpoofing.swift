import Netlink
import Synchronization

/// The checks of `PortGuard` in the kernel, in the best family it has.
final class AntiSpoofing: Sendable {
  private let settings: BridgeNetworkSettings
  private let netfilter: NetlinkSocket
  /// In order of preference.
  private let families: [NFTRequests.Family]
  private let transact: @Sendable ([NetlinkRequest]) throws(NetlinkError) -> Void

  private enum Installed {
    /// Nobody asked yet, or the kernel refused for a reason that says nothing about families.
    case notYet
    case unsupported
    case family(NFTRequests.Family)
  }
  private let installed = Mutex(Installed.notYet)

  /// - Parameter transact: what the kernel does in one go.
  init(
    _ settings: BridgeNetworkSettings, _ netfilter: NetlinkSocket, families: [NFTRequests.Family],
    transact: @escaping @Sendable ([NetlinkRequest]) throws(NetlinkError) -> Void
  ) {
    self.settings = settings
    self.netfilter = netfilter
    self.families = families
    self.transact = transact
  }

  private var portGuard: PortGuard? {
    guard case .family(let family) = installed.withLock({ $0 }) else { return nil }
    return PortGuard(settings: settings, family: family)
  }

  /// What an operator should know; nil: every port is checked.
  var note: String? {
    switch installed.withLock({ $0 }) {
    case .notYet: "the nf_tables table that checks what pods send is not installed"
    case .unsupported: "this kernel has no nf_tables for bridges or devices: what pods send is not checked"
    case .family(.bridge): nil
    case .family: "this kernel has no nf_tables for bridges: what pods send is checked at each device"
    }
  }

  /// Makes the table with the ports of these records, in the first family that the kernel has. What was installed counts until then, so
  /// that a pod that comes meanwhile is checked, and after a failure.
  func install(_ records: [AttachmentRecord]) throws(NetlinkError) {
    for family in families {
      let portGuard = PortGuard(settings: settings, family: family)
      do throws(NetlinkError) { try transact(portGuard.install(records)) } catch {
        // ENOENT, EPROTONOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT: no such family, or a part of it is missing.
        guard [2, 93, 95, 97].contains(error.code) else { throw error }
        continue
      }
      installed.withLock { $0 = .family(family) }
      for record in records { try? watch(record) }  // a link that is gone needs no watch
      return
    }
    installed.withLock { $0 = .unsupported }
  }

  /// Throws when the table is gone.
  func check() throws(NetlinkError) {
    if let portGuard { _ = try netfilter.get(portGuard.check()) }
  }

  func remove() throws(NetlinkError) {
    if let portGuard { try transact(portGuard.remove()) }
  }

  /// Before the link is made.
  func admit(_ record: AttachmentRecord) throws(NetlinkError) {
    if let portGuard { try transact(portGuard.add(record)) }
  }

  /// After the link was made, before it carries anything.
  func watch(_ record: AttachmentRecord) throws(NetlinkError) {
    if let portGuard { try transact(portGuard.watch(record)) }
  }

  /// After the link is gone. Idempotent.
  func forget(_ record: AttachmentRecord) throws(NetlinkError) {
    for request in portGuard?.delete(record) ?? [] {
      do throws(NetlinkError) { try transact([request]) } catch {
        if error.code != 2 { throw error }  // ENOENT: gone with the link, or with a flushed table
      }
    }
  }
}
