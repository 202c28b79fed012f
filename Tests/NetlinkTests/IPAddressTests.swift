import Testing

@testable import Netlink

@Suite("Addresses and networks")
struct IPAddressTests {
  @Test(
    "are read and written in canonical form",
    arguments: [
      ("10.88.0.1", "10.88.0.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("fd00::1", "fd00::1"),
      ("FD00:0:0:0:0:0:0:1", "fd00::1"), ("::", "::"), ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
    ])
  func canonical(_ text: String, _ expected: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == expected)
    #expect(address.isV6 == expected.contains(":"))
    #expect(address.family == (address.isV6 ? 10 : 2))
    #expect(address.bytes.count == (address.isV6 ? 16 : 4))
  }

  @Test(
    "what is no address is refused",
    arguments: ["", " ", "10.88.0", "10.88.0.256", "10.88.0.1 ", "010.1.1.1x", "fd00::1%eth0", "fd00::1::2", "host", "1.2.3.4/24"])
  func refused(_ text: String) { #expect(IPAddress(text) == nil) }

  @Test(
    "advance with carry, and end with their family",
    arguments: [
      ("10.88.0.0", 1, "10.88.0.1"), ("10.88.0.255", 1, "10.88.1.0"), ("10.88.0.0", 65536, "10.89.0.0"),
      ("255.255.255.255", 0, "255.255.255.255"),
      ("255.255.255.255", 1, nil), ("0.0.0.1", 0xffff_ffff, nil), ("fd00::ffff", 1, "fd00::1:0"),
      ("fd00::", 0x1_0000_0000, "fd00::1:0:0"),
      ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, nil), ("::", UInt64.max, "::ffff:ffff:ffff:ffff"),
      ("10.0.0.0", UInt64.max, nil),
    ] as [(String, UInt64, String?)])
  func advance(_ text: String, _ offset: UInt64, _ expected: String?) throws {
    #expect(try #require(IPAddress(text)).advanced(by: offset)?.description == expected)
  }

  @Test(
    "of a network have no host bits and a count",
    arguments: [
      ("10.88.0.0/24", "10.88.0.0/24", 256), ("10.88.3.7/16", "10.88.0.0/16", 65536), ("10.0.0.1/32", "10.0.0.1/32", 1),
      ("1.2.3.4/0", "0.0.0.0/0", 1 << 32), ("10.88.0.13/30", "10.88.0.12/30", 4), ("fd00::abcd/64", "fd00::/64", 1 << 32),
      ("fd00::abcd/120", "fd00::ab00/120", 256), ("fd00::1/128", "fd00::1/128", 1), ("fd00::1/0", "::/0", 1 << 32),
    ] as [(String, String, UInt64)])
  func network(_ text: String, _ expected: String, _ count: UInt64) throws {
    let network = try #require(IPNetwork(text))
    #expect(network.description == expected)
    #expect(network.count == count)
  }

  @Test(
    "what is no network is refused",
    arguments: [
      "", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "/8", "fd00::/129", "10.0.0.0/x",
      "10.0.0.0 /8",
    ])
  func noNetwork(_ text: String) { #expect(IPNetwork(text) == nil) }

  @Test(
    "are inside a network or not",
    arguments: [
      ("10.88.0.0/24", "10.88.0.255", true), ("10.88.0.0/24", "10.88.1.0", false), ("10.88.0.128/25", "10.88.0.127", false),
      ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "::1", false), ("fd00::/64", "fd00::ffff:1", true),
      ("fd00::/64", "fd00:0:0:1::", false),
      ("fd00::/127", "fd00::1", true), ("fd00::/127", "fd00::2", false), ("10.0.0.1/32", "10.0.0.1", true),
    ])
  func contains(_ network: String, _ address: String, _ expected: Bool) throws {
    #expect(try #require(IPNetwork(network)).contains(try #require(IPAddress(address))) == expected)
  }
}
