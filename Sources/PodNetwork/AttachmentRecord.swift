/// What the store keeps of a pod's network: the lease of its addresses, and what leads to them. There is no other list of leases, so that
/// an address cannot be free in one and taken in another.
struct AttachmentRecord: Codable, Sendable, Equatable {
  /// Who has it: a sandbox id, `pool/ADDRESS` or `gone/ADDRESS`. The record's id.
  var owner: String
  var addresses: [String]
  /// Host's end of the veth pair.
  var link: String
  var ports: [HostPortMapping]
  /// Of the pod's end, `0a:58:…`. nil: made by an agent that did not check what pods send.
  var hardwareAddress: String?

  enum Use: Equatable {
    case pod
    /// Made in advance, for nobody yet.
    case prepared
    /// No pod's any more; the link may still be there.
    case leaving
  }

  var use: Use {
    if owner.hasPrefix(Self.preparedPrefix) { return .prepared }
    if owner.hasPrefix(Self.leavingPrefix) { return .leaving }
    return .pod
  }

  /// Sandbox ids have no slash.
  private static let preparedPrefix = "pool/"
  private static let leavingPrefix = "gone/"
  static func preparedOwner(_ address: String) -> String { preparedPrefix + address }
  static func leavingOwner(_ address: String) -> String { leavingPrefix + address }
  var leavingOwner: String { Self.leavingOwner(addresses.first ?? link) }
}
