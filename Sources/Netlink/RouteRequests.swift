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

  /// A bridge, down.
  /// - Parameter address: six bytes that stay; nil: the kernel takes the lowest address of the ports, which changes as they come and go.
  public static func createBridge(_ name: String, mtu: UInt32?, address: [UInt8]?) -> NetlinkRequest {
    var body = MessageBuilder()
    link(&body)
    body.attribute(LinkAttribute.name, string: name)
    if let mtu { body.attribute(LinkAttribute.mtu, mtu) }
    if let address { body.attribute(LinkAttribute.address, bytes: address) }
    body.nested(LinkAttribute.linkInfo) { info in info.attribute(LinkAttribute.infoKind, string: "bridge") }
    return NetlinkRequest(
      "create bridge", name, type: MessageType.newLink, flags: MessageFlag.create | MessageFlag.exclusive, body: body.bytes)
  }

  /// A veth pair: the near end as `name` in the socket's namespace (a port of `bridge`, up), the far end as `peer`, down, in the
  /// namespace behind `namespace`.
  /// - Parameter address: the far end's hardware address; nil: the kernel makes one up.
  public static func createVeth(
    _ name: String, peer: String, namespace: Int32, bridge: Int32, mtu: UInt32?, address: [UInt8]? = nil
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
          if let address { far.attribute(LinkAttribute.address, bytes: address) }
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

  /// A text kept with a link for people and programs to read; at most 255 bytes.
  public static func setAlias(_ alias: String, link name: String) -> NetlinkRequest {
    var body = MessageBuilder()
    link(&body)
    body.attribute(LinkAttribute.name, string: name)
    body.attribute(LinkAttribute.alias, string: alias)
    return NetlinkRequest("set alias of link", name, type: MessageType.newLink, body: body.bytes)
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
    var body = addressBody(address, prefix: prefix, index: index)
    if address.isV6 { body.attribute(AddressAttribute.flags, UInt32(2)) }  // IFA_F_NODAD
    return NetlinkRequest(
      "add address", "\(address)/\(prefix)", type: MessageType.newAddress, flags: MessageFlag.create | MessageFlag.replace,
      body: body.bytes)
  }

  public static func deleteAddress(_ address: IPAddress, prefix: Int, index: Int32) -> NetlinkRequest {
    NetlinkRequest(
      "delete address", "\(address)/\(prefix)", type: MessageType.deleteAddress,
      body: addressBody(address, prefix: prefix, index: index).bytes)
  }

  private static func addressBody(_ address: IPAddress, prefix: Int, index: Int32) -> MessageBuilder {
    var body = MessageBuilder()
    body.append(address.family)
    body.append(UInt8(prefix))
    body.append(UInt8(0))
    body.append(UInt8(0))  // RT_SCOPE_UNIVERSE
    body.append(index)
    body.attribute(AddressAttribute.local, bytes: address.bytes)
    body.attribute(AddressAttribute.address, bytes: address.bytes)
    return body
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
