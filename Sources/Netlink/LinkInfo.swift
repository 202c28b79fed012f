/// What a link look-up tells.
public struct LinkInfo: Equatable, Sendable {
  public let index: Int32
  public let name: String
  /// Index of the bridge it is a port of, 0 for none.
  public let master: Int32
  /// `bridge`, `veth` ...; empty for hardware and loopback.
  public let kind: String
  /// Hardware address.
  public let address: [UInt8]
  /// Text somebody kept with it.
  public let alias: String
  /// A port of a bridge that passes frames (BR_STATE_FORWARDING).
  public let isForwarding: Bool
  /// From the point of view of this end.
  public let receivedPackets: UInt64
  public let sentPackets: UInt64
  public let receivedBytes: UInt64
  public let sentBytes: UInt64
  public let receiveErrors: UInt64
  public let sendErrors: UInt64
  public let receiveDrops: UInt64
  public let sendDrops: UInt64

  /// nil when the message is not about a link.
  public init?(_ message: NetlinkMessage) {
    guard message.type == MessageType.newLink, message.payload.count >= 16 else { return nil }
    let attributes = message.attributes(after: 16)
    index = message.payload.integer(at: 4)
    name = attributes.first(LinkAttribute.name)?.string ?? ""
    master = attributes.first(LinkAttribute.master)?.integer() ?? 0
    let info = attributes.first(LinkAttribute.linkInfo)?.nested ?? []
    kind = info.first(LinkAttribute.infoKind)?.string ?? ""
    let port = info.first(LinkAttribute.infoSlaveData)?.nested ?? []
    isForwarding = port.first(LinkAttribute.bridgePortState)?.integer(as: UInt8.self) == 3
    alias = attributes.first(LinkAttribute.alias)?.string ?? ""
    address = attributes.first(LinkAttribute.address)?.payload ?? []
    // struct rtnl_link_stats64: rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors,
    // rx_dropped, tx_dropped ...
    let statistics = attributes.first(LinkAttribute.statistics64)?.payload ?? []
    func counter(_ position: Int) -> UInt64 { statistics.count >= (position + 1) * 8 ? statistics.integer(at: position * 8) : 0 }
    (receivedPackets, sentPackets, receivedBytes, sentBytes) = (counter(0), counter(1), counter(2), counter(3))
    (receiveErrors, sendErrors, receiveDrops, sendDrops) = (counter(4), counter(5), counter(6), counter(7))
  }
}
