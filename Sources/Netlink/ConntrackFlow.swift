/// A connection the kernel tracks. Source: include/uapi/linux/netfilter/nfnetlink_conntrack.h.
public struct ConntrackFlow: Equatable, Sendable {
  private static let subsystem: UInt16 = 1
  private static let newFlow = subsystem << 8 | 0
  private static let getFlow = subsystem << 8 | 1
  private static let deleteFlow = subsystem << 8 | 2

  /// IPPROTO_TCP and so on.
  public let transport: UInt8
  /// Where the first packet was sent to.
  public let destination: IPAddress
  public let destinationPort: UInt16
  /// Who answers: another address than `destination` when the kernel translates it.
  public let replySource: IPAddress
  /// IPS_SEEN_REPLY: an answer came.
  public let isReplied: Bool
  /// CTA_TUPLE_ORIG as the kernel wrote it.
  private let original: [UInt8]

  /// nil when the message is about something else or lacks an address or port.
  public init?(_ message: NetlinkMessage) {
    guard message.type == Self.newFlow else { return nil }
    let attributes = message.attributes(after: 4)
    guard let original = attributes.first(1), let reply = attributes.first(2)?.nested.first(1)?.nested,
      let addresses = original.nested.first(1)?.nested, let ports = original.nested.first(2)?.nested,
      let transport: UInt8 = ports.first(1)?.integer(), let port: UInt16 = ports.first(3)?.integer(),
      let destination = Self.address(addresses, 2, 4), let source = Self.address(reply, 1, 3)
    else { return nil }
    self.transport = transport
    self.destination = destination
    destinationPort = port.byteSwapped
    replySource = source
    isReplied = (attributes.first(3)?.integer(as: UInt32.self) ?? 0).byteSwapped & 2 != 0
    self.original = original.payload
  }

  /// By its attribute number for IPv4 and for IPv6.
  private static func address(_ attributes: [Attribute], _ four: UInt16, _ six: UInt16) -> IPAddress? {
    guard let bytes = (attributes.first(four) ?? attributes.first(six))?.payload, bytes.count == 4 || bytes.count == 16 else {
      return nil
    }
    return IPAddress(bytes: bytes)
  }

  /// Every flow of a family (AF_INET, AF_INET6).
  public static func list(family: UInt8) -> NetlinkRequest {
    NetlinkRequest("list connections", "family \(family)", type: getFlow, body: [family, 0, 0, 0])
  }

  /// Makes the kernel forget this flow: its next packet is looked at anew. ENOENT when it is gone already.
  public func delete() -> NetlinkRequest {
    var body = MessageBuilder()
    body.append([destination.family, 0, 0, 0] as [UInt8])
    body.attribute(1 | 0x8000, bytes: original)
    return NetlinkRequest("forget connection", "to \(destination) port \(destinationPort)", type: Self.deleteFlow, body: body.bytes)
  }
}
