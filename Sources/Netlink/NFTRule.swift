/// A rule as listed: enough to know one's own again. Source: include/uapi/linux/netfilter/nf_tables.h, NFTA_RULE_*.
public struct NFTRule: Equatable, Sendable {
  /// The kernel's number for it, unique in its table.
  public let handle: UInt64
  /// What it was added with.
  public let mark: String

  /// nil when the message is not about a rule.
  public init?(_ message: NetlinkMessage) {
    guard message.type == NFTables.newRule else { return nil }
    let attributes = message.attributes(after: 4)
    guard let handle: UInt64 = attributes.first(3)?.integer() else { return nil }
    self.handle = handle.byteSwapped
    mark = attributes.first(7)?.string ?? ""
  }
}
