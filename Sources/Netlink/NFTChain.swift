/// A chain of any table on this host. Source: include/uapi/linux/netfilter/nf_tables.h, NFTA_CHAIN_*.
public struct NFTChain: Equatable, Sendable {
  /// NFPROTO_*: a family that `NFTRequests.Family` does not know is possible.
  public let family: UInt8
  public let table: String
  public let name: String
  /// nil: not a base chain.
  public let hook: UInt32?
  /// Whether a packet that no rule decided about is dropped.
  public let dropsByPolicy: Bool

  /// nil when the message is not about a chain.
  public init?(_ message: NetlinkMessage) {
    guard message.type == NFTables.newChain, let family = message.payload.first else { return nil }
    let attributes = message.attributes(after: 4)
    self.family = family
    table = attributes.first(1)?.string ?? ""
    name = attributes.first(3)?.string ?? ""
    hook = (attributes.first(4)?.nested.first(1)?.integer(as: UInt32.self))?.byteSwapped
    dropsByPolicy = attributes.first(5)?.integer(as: UInt32.self) == 0  // NF_DROP
  }

  /// A dump request: every chain of every family.
  public static func list() -> NetlinkRequest {
    NetlinkRequest("list nf_tables chains", "all", type: NFTables.getChain, body: [0, 0, 0, 0])
  }
}
