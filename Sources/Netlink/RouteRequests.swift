/// rtnetlink requests. Each is a value; `NetlinkSocket` sends it. Source: rtnetlink(7), include/uapi/linux/{rtnetlink,if_link}.h.
public enum RouteRequests {
  private static let up: UInt32 = 1  // IFF_UP

  /// struct ifinfomsg.
  private static func link(_ body: inout MessageBuilder, index: Int32 = 0, flags: UInt32 = 0, change: UInt32 = 0) {
    body.append(UInt8(0))
    body.append(UInt8(0))
    body.append(UInt16(0))
    body.append(index)
    body.append(flags)
    body.append(change)
  }

  /// A bridge, up.
  /// - Parameter address: six bytes that stay; nil: the kernel takes the lowest address of the ports, which changes as they come and go.
  public static func createBridge(_ name: String, mtu: UInt32?, address: [UInt8]?) -> NetlinkRequest {
    var body = MessageBuilder()
    link(&body, flags: up, change: up)
    body.attribute(LinkAttribute.name, string: name)
    if let mtu { body.attribute(LinkAttribute.mtu, mtu) }
    if let address { body.attribute(LinkAttribute.address, bytes: address) }
    body.nested(LinkAttribute.linkInfo) { info in info.attribute(LinkAttribute.infoKind, string: "bridge") }
    return NetlinkRequest(
      "create bridge", name, type: MessageType.newLink, flags: MessageFlag.create | MessageFlag.exclusive, body: body.bytes)
  }

  /// A veth pair: the near end as `name` in the socket's namespace (a port of `bridge`, up), the far end as `peer`, down, in the
  /// namespace behind `namespace`.
  public static func createVeth(
    _ name: String, peer: String, namespace: Int32, bridge: Int32, mtu: UInt32?
  ) -> NetlinkRequest {
    var body = MessageBuilder()
    link(&body, flags: up, change: up)
    body.attribute(LinkAttribute.name, string: name)
    body.attribute(LinkAttribute.master, bridge)
    if let mtu { body.attribute(LinkAttribute.mtu, mtu) }
    body.nested(LinkAttribute.linkInfo) { info in
      info.attribute(LinkAttribute.infoKind, string: "veth")
      info.nested(LinkAttribute.infoData) { data in
        data.nested(LinkAttribute.vethPeer) { far in
          link(&far)  // down: a veth end comes up only when it has its peer
          far.attribute(LinkAttribute.name, string: peer)
          if let mtu { far.attribute(LinkAttribute.mtu, mtu) }
          far.attribute(LinkAttribute.netnsDescriptor, namespace)
        }
      }
    }
    return NetlinkRequest(
      "create veth", name, type: MessageType.newLink, flags: MessageFlag.create | MessageFlag.exclusive, body: body.bytes)
  }

  /// Lets a bridge port send a packet back where it came from: a pod that reaches itself through its host port.
  public static func setHairpin(index: Int32, name: String) -> NetlinkRequest {
    var body = MessageBuilder()
    link(&body, index: index)
    body.nested(LinkAttribute.linkInfo) { info in
      info.attribute(LinkAttribute.infoSlaveKind, string: "bridge")
      info.nested(LinkAttribute.infoSlaveData) { data in data.attribute(LinkAttribute.bridgePortHairpin, UInt8(1)) }
    }
    return NetlinkRequest("set hairpin mode", name, type: MessageType.newLink, body: body.bytes)
  }

  public static func setUp(index: Int32, name: String) -> NetlinkRequest {
    var body = MessageBuilder()
    link(&body, index: index, flags: up, change: up)
    return NetlinkRequest("set link up", name, type: MessageType.newLink, body: body.bytes)
  }

  public static func deleteLink(_ name: String) -> NetlinkRequest {
    var body = MessageBuilder()
    link(&body)
    body.attribute(LinkAttribute.name, string: name)
    return NetlinkRequest("delete link", name, type: MessageType.deleteLink, body: body.bytes)
  }

  public static func getLink(_ name: String) -> NetlinkRequest {
    var body = MessageBuilder()
    link(&body)
    body.attribute(LinkAttribute.name, string: name)
    return NetlinkRequest("look up link", name, type: MessageType.getLink, body: body.bytes)
  }

  public static func listLinks() -> NetlinkRequest {
    var body = MessageBuilder()
    link(&body)
    return NetlinkRequest("list links", "all", type: MessageType.getLink, body: body.bytes)
  }

  /// An address; IPv6 without duplicate address detection (it would take a second or more, and the pool is ours).
  public static func addAddress(_ address: IPAddress, prefix: Int, index: Int32) -> NetlinkRequest {
    var body = MessageBuilder()
    body.append(address.family)
    body.append(UInt8(prefix))
    body.append(UInt8(0))
    body.append(UInt8(0))  // RT_SCOPE_UNIVERSE
    body.append(index)
    body.attribute(AddressAttribute.local, bytes: address.bytes)
    body.attribute(AddressAttribute.address, bytes: address.bytes)
    if address.isV6 { body.attribute(AddressAttribute.flags, UInt32(2)) }  // IFA_F_NODAD
    return NetlinkRequest(
      "add address", "\(address)/\(prefix)", type: MessageType.newAddress, flags: MessageFlag.create | MessageFlag.replace,
      body: body.bytes)
  }

  /// The default route through a gateway.
  public static func addDefaultRoute(via gateway: IPAddress, index: Int32) -> NetlinkRequest {
    var body = MessageBuilder()
    body.append(gateway.family)
    body.append([0, 0, 0] as [UInt8])  // dst_len, src_len, tos
    body.append([254, 4, 0, 1] as [UInt8])  // RT_TABLE_MAIN, RTPROT_STATIC, RT_SCOPE_UNIVERSE, RTN_UNICAST
    body.append(UInt32(0))
    body.attribute(RouteAttribute.gateway, bytes: gateway.bytes)
    body.attribute(RouteAttribute.outputInterface, index)
    return NetlinkRequest(
      "add default route", "via \(gateway)", type: MessageType.newRoute, flags: MessageFlag.create | MessageFlag.replace,
      body: body.bytes)
  }
}

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
  /// From the point of view of this end.
  public let receivedBytes: UInt64
  public let sentBytes: UInt64
  public let receiveErrors: UInt64
  public let sendErrors: UInt64

  /// nil when the message is not about a link.
  public init?(_ message: NetlinkMessage) {
    guard message.type == MessageType.newLink, message.payload.count >= 16 else { return nil }
    let attributes = message.attributes(after: 16)
    index = message.payload.integer(at: 4)
    name = attributes.first(LinkAttribute.name)?.string ?? ""
    master = attributes.first(LinkAttribute.master)?.integer() ?? 0
    kind = attributes.first(LinkAttribute.linkInfo)?.nested.first(LinkAttribute.infoKind)?.string ?? ""
    address = attributes.first(LinkAttribute.address)?.payload ?? []
    // struct rtnl_link_stats64: rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors ...
    let statistics = attributes.first(LinkAttribute.statistics64)?.payload ?? []
    func counter(_ position: Int) -> UInt64 { statistics.count >= (position + 1) * 8 ? statistics.integer(at: position * 8) : 0 }
    (receivedBytes, sentBytes, receiveErrors, sendErrors) = (counter(2), counter(3), counter(4), counter(5))
  }
}
