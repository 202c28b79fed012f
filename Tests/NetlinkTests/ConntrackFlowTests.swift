import Testing

@testable import Netlink

@Suite("Tracked connections")
struct ConntrackFlowTests {
  /// 192.0.2.2:40000 -> 192.0.2.1:5300, translated to 10.88.0.2:53.
  let body = """
    02 00 0000                               # nfgenmsg: AF_INET
    3400 0180                                # CTA_TUPLE_ORIG
      1400 0180                              #   CTA_TUPLE_IP
        0800 0100 c0000202                   #     CTA_IP_V4_SRC
        0800 0200 c0000201                   #     CTA_IP_V4_DST
      1c00 0280                              #   CTA_TUPLE_PROTO
        0500 0100 11 000000                  #     CTA_PROTO_NUM UDP
        0600 0200 9c40 0000                  #     CTA_PROTO_SRC_PORT
        0600 0300 14b4 0000                  #     CTA_PROTO_DST_PORT
    3400 0280                                # CTA_TUPLE_REPLY
      1400 0180
        0800 0100 0a580002
        0800 0200 c0000202
      1c00 0280
        0500 0100 11 000000
        0600 0200 0035 0000
        0600 0300 9c40 0000
    0800 0300 0000002a                       # CTA_STATUS: IPS_SEEN_REPLY, IPS_CONFIRMED, IPS_DST_NAT
    """

  private func message(_ bytes: [UInt8], type: UInt16 = 0x100) -> NetlinkMessage {
    NetlinkMessage(type: type, flags: 0, sequence: 1, payload: bytes)
  }

  @Test("are read with both directions, and deleted by the first")
  func read() throws {
    let flow = try #require(ConntrackFlow(message(hex(body))))
    #expect(flow.transport == 17 && flow.destinationPort == 5300 && flow.isReplied)
    #expect(flow.destination.description == "192.0.2.1" && flow.replySource.description == "10.88.0.2")
    #expect(
      flow.delete().sent
        == lines(hex("48000000 0201 0100 01000000 00000000") + hex(body).prefix(56)))
    #expect(ConntrackFlow.list(family: 10).sent == lines(hex("14000000 0101 0100 01000000 00000000 0a 00 0000")))
  }

  @Test("cut off anywhere are no flow or the same one", arguments: 0...116)
  func truncated(_ length: Int) throws {
    let bytes = hex(body)
    #expect(bytes.count == 116)
    let flow = ConntrackFlow(message(Array(bytes.prefix(length))))
    #expect((flow != nil) == (length >= 108))
    #expect(ConntrackFlow(message(bytes, type: 0x102)) == nil)
  }
}
