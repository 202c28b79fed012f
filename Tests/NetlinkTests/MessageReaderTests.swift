import Testing

@testable import Netlink

@Suite("Messages and attributes are read without trusting a length in them")
struct MessageReaderTests {
  let datagram = hex(
    """
    1c000000 1000 0200 05000000 00000000  0600 0300 6c6f 0000  0400 8012   # 28 bytes: an attribute of 6, a flagged empty one
    10000000 0300 0200 05000000 00000000                                  # NLMSG_DONE
    """)

  @Test("a datagram is split into messages")
  func messages() throws {
    let messages = NetlinkMessage.parse(datagram)
    #expect(messages.map(\.type) == [16, 3])
    #expect(messages.map(\.sequence) == [5, 5])
    let attributes = try #require(messages.first).attributes(after: 0)
    #expect(attributes == [Attribute(type: 3, payload: [0x6c, 0x6f]), Attribute(type: 0x1280, payload: [])])
  }

  @Test("a datagram cut anywhere gives the messages that are whole, and nothing else", arguments: 0...44)
  func truncated(_ length: Int) {
    let messages = NetlinkMessage.parse(Array(datagram.prefix(length)))
    #expect(messages.count == (length < 28 ? 0 : length < 44 ? 1 : 2))
  }

  @Test(
    "a damaged message length ends the reading",
    arguments: [
      "00000000 1000 0000 00000000 00000000", "0f000000 1000 0000 00000000 00000000", "11000000 1000 0000 00000000 00000000",
      "ffffffff 1000 0000 00000000 00000000", "ffffff7f 1000 0000 00000000 00000000",
    ])
  func damagedMessage(_ text: String) { #expect(NetlinkMessage.parse(hex(text)).isEmpty) }

  @Test(
    "damaged attributes end the reading",
    arguments: [
      ("", 0), ("0800", 0), ("0800 03", 0), ("0300 0300", 0), ("0000 0300", 0), ("0800 0300 010203", 0), ("ffff 0300 01020304", 0),
      ("0400 0300", 1), ("0500 0300 01", 1), ("0500 0300 01 000000 0300 0100", 1), ("0500 0300 01 000000 0400 0100", 2),
    ])
  func damagedAttributes(_ text: String, _ count: Int) { #expect(Attribute.parse(hex(text)).count == count) }

  @Test("a start past the end gives nothing")
  func start() {
    #expect(Attribute.parse([1, 2, 3], from: 16).isEmpty)
    #expect(NetlinkMessage(type: 16, flags: 0, sequence: 1, payload: [1]).attributes(after: 16).isEmpty)
  }

  @Test("an integer needs all its bytes, a string ends at its zero")
  func values() {
    let attribute = Attribute(type: 1, payload: [0x34, 0x12, 0])
    #expect(attribute.integer(as: UInt16.self) == 0x1234)
    #expect(attribute.integer(as: UInt32.self) == nil)
    #expect(Attribute(type: 1, payload: [0x6c, 0x6f, 0, 0x78]).string == "lo")
    #expect(Attribute(type: 1, payload: []).string == "")
  }

  @Test("nested attributes come out as they went in")
  func roundTrip() throws {
    var builder = MessageBuilder()
    builder.nested(18) { outer in
      outer.attribute(1, string: "veth")
      outer.nested(2, flagged: true) { $0.attribute(4, UInt8(1)) }
    }
    let outer = try #require(Attribute.parse(builder.bytes).first)
    #expect(outer.type == 18)
    #expect(outer.nested.first(1)?.string == "veth")
    #expect(outer.nested.first(2)?.nested.first(4)?.integer(as: UInt8.self) == 1)
  }

  @Test("a link is read with its kind, addresses and counters")
  func link() throws {
    var body = MessageBuilder()
    body.append([0, 0, 1, 0])
    body.append(UInt32(7))
    body.append(UInt32(1))
    body.append(UInt32(0))
    body.attribute(3, string: "v1")
    body.attribute(10, UInt32(4))
    body.attribute(1, bytes: [2, 0, 0, 0, 0, 9])
    body.nested(18) { $0.attribute(1, string: "veth") }
    var counters = MessageBuilder()
    for value in 1...8 as ClosedRange<UInt64> { counters.append(value * 100) }
    body.attribute(23, bytes: counters.bytes)
    let link = try #require(LinkInfo(NetlinkMessage(type: 16, flags: 0, sequence: 1, payload: body.bytes)))
    #expect(link.index == 7 && link.name == "v1" && link.master == 4 && link.kind == "veth" && link.address == [2, 0, 0, 0, 0, 9])
    #expect(link.receivedBytes == 300 && link.sentBytes == 400 && link.receiveErrors == 500 && link.sendErrors == 600)
    #expect(link.receivedPackets == 100 && link.sentPackets == 200 && link.receiveDrops == 700 && link.sendDrops == 800)
    #expect(LinkInfo(NetlinkMessage(type: 20, flags: 0, sequence: 1, payload: body.bytes)) == nil)
    #expect(LinkInfo(NetlinkMessage(type: 16, flags: 0, sequence: 1, payload: [0, 0, 0])) == nil)
    let bare = try #require(LinkInfo(NetlinkMessage(type: 16, flags: 0, sequence: 1, payload: [UInt8](repeating: 0, count: 16))))
    #expect(bare.name == "" && bare.receivedBytes == 0)
  }

  @Test("an error carries errno, operation, subject and the kernel's explanation")
  func errors() throws {
    let request = NetlinkRequest("create veth", "v1", type: 16, body: [])
    func answer(_ flags: UInt16, _ text: String) -> NetlinkMessage {
      NetlinkMessage(type: 2, flags: flags, sequence: 1, payload: hex(text))
    }
    let header = "10000000 1000 0506 01000000 00000000"
    #expect(NetlinkConnection.failure(in: answer(0x100, "00000000" + header), of: request) == nil)
    let plain = try #require(NetlinkConnection.failure(in: answer(0x100, "efffffff" + header), of: request))
    #expect(plain.description == "create veth v1: File exists (errno 17)")
    let explained = try #require(
      NetlinkConnection.failure(in: answer(0x300, "efffffff" + header + "0800 0100 6e6f2100"), of: request))
    #expect(explained.description == "create veth v1: File exists (errno 17): no!")
    // The request repeated whole, 4 bytes of body.
    let whole = "efffffff 14000000 1000 0506 01000000 00000000 aabbccdd 0800 0100 6e6f2100"
    #expect(try #require(NetlinkConnection.failure(in: answer(0x200, whole), of: request)).detail == "no!")
    #expect(
      try #require(NetlinkConnection.failure(in: answer(0x200, "efffffff ffffff7f 1000 0506 01000000 00000000"), of: request)).code
        == 17)
    #expect(try #require(NetlinkConnection.failure(in: answer(0, "efff"), of: request)).code == 74)
  }
}
