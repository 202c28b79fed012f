import Testing

@testable import Netlink

/// The bytes are written down from rtnetlink(7) and the kernel's headers, not from a run of the code.
@Suite("rtnetlink requests are the bytes the kernel expects")
struct RouteRequestTests {
  @Test("a bridge with a fixed address and MTU")
  func bridge() {
    let request = RouteRequests.createBridge("br0", mtu: 1450, address: [0x02, 1, 2, 3, 4, 5])
    #expect(
      request.sent
        == lines(
          hex(
            """
            4c000000 1000 0106 01000000 00000000   # 76 bytes, RTM_NEWLINK, REQUEST|EXCL|CREATE, sequence 1, to the kernel
            00 00 0000 00000000 00000000 00000000  # ifinfomsg: family, type, index; flags and change: down
            0800 0300 62723000                     # IFLA_IFNAME "br0"
            0800 0400 aa050000                     # IFLA_MTU 1450
            0a00 0100 020102030405 0000            # IFLA_ADDRESS, padded
            1000 1200                              # IFLA_LINKINFO
              0b00 0100 62726964676500 00          #   IFLA_INFO_KIND "bridge", padded
            """)))
  }

  @Test("a bridge with the kernel's defaults")
  func plainBridge() {
    #expect(
      RouteRequests.createBridge("swl0", mtu: nil, address: nil).sent
        == lines(
          hex(
            """
            3c000000 1000 0106 01000000 00000000
            00 00 0000 00000000 00000000 00000000
            0900 0300 73776c3000 000000            # IFLA_IFNAME "swl0", padded
            1000 1200
              0b00 0100 62726964676500 00
            """)))
  }

  @Test("a veth pair whose far end appears in another namespace")
  func veth() {
    #expect(
      RouteRequests.createVeth("v1", peer: "eth0", namespace: 9, bridge: 4, mtu: 1400).sent
        == lines(
          hex(
            """
            7c000000 1000 0106 01000000 00000000   # RTM_NEWLINK, REQUEST|EXCL|CREATE
            00 00 0000 00000000 01000000 01000000  # up
            0700 0300 763100 00                    # IFLA_IFNAME "v1"
            0800 0a00 04000000                     # IFLA_MASTER 4
            0800 0400 78050000                     # IFLA_MTU 1400
            4400 1200                              # IFLA_LINKINFO
              0900 0100 7665746800 000000          #   IFLA_INFO_KIND "veth"
              3400 0200                            #   IFLA_INFO_DATA
                3000 0100                          #     VETH_INFO_PEER
                  00 00 0000 00000000 00000000 00000000  # ifinfomsg of the peer: down
                  0900 0300 6574683000 000000      #       IFLA_IFNAME "eth0"
                  0800 0400 78050000               #       IFLA_MTU 1400
                  0800 1c00 09000000               #       IFLA_NET_NS_FD 9
            """)))
  }

  @Test("hairpin mode of a bridge's port")
  func hairpin() {
    #expect(
      RouteRequests.setHairpin(index: 7, name: "v1").sent
        == lines(
          hex(
            """
            3c000000 1000 0100 01000000 00000000   # RTM_NEWLINK, REQUEST
            00 00 0000 07000000 00000000 00000000
            1c00 1200                              # IFLA_LINKINFO
              0b00 0400 62726964676500 00          #   IFLA_INFO_SLAVE_KIND "bridge"
              0c00 0500                            #   IFLA_INFO_SLAVE_DATA
                0500 0400 01 000000                #     IFLA_BRPORT_MODE 1
            """)))
  }

  @Test("a link up, looked up, listed and deleted")
  func links() {
    #expect(
      RouteRequests.setUp(index: 1, name: "lo").sent
        == lines(hex("20000000 1000 0100 01000000 00000000 00000000 01000000 01000000 01000000")))
    #expect(
      RouteRequests.getLink("br0").sent
        == lines(hex("28000000 1200 0100 01000000 00000000 00000000 00000000 00000000 00000000 0800 0300 62723000")))
    #expect(
      RouteRequests.listLinks().sent == lines(hex("20000000 1200 0100 01000000 00000000 00000000 00000000 00000000 00000000")))
    #expect(
      RouteRequests.deleteLink("br0").sent
        == lines(hex("28000000 1100 0100 01000000 00000000 00000000 00000000 00000000 00000000 0800 0300 62723000")))
  }

  @Test("an IPv4 address")
  func address4() throws {
    #expect(
      RouteRequests.addAddress(try #require(IPAddress("10.88.0.2")), prefix: 24, index: 3).sent
        == lines(
          hex(
            """
            28000000 1400 0105 01000000 00000000   # RTM_NEWADDR, REQUEST|REPLACE|CREATE
            02 18 00 00 03000000                   # ifaddrmsg: AF_INET, /24, flags, scope, index
            0800 0200 0a580002                     # IFA_LOCAL
            0800 0100 0a580002                     # IFA_ADDRESS
            """)))
  }

  @Test("an IPv6 address skips duplicate address detection")
  func address6() throws {
    #expect(
      RouteRequests.addAddress(try #require(IPAddress("fd00::2")), prefix: 64, index: 3).sent
        == lines(
          hex(
            """
            48000000 1400 0105 01000000 00000000
            0a 40 00 00 03000000                   # AF_INET6, /64
            1400 0200 fd000000000000000000000000000002  # IFA_LOCAL
            1400 0100 fd000000000000000000000000000002  # IFA_ADDRESS
            0800 0800 02000000                     # IFA_FLAGS IFA_F_NODAD
            """)))
  }

  @Test("a default route")
  func route() throws {
    #expect(
      RouteRequests.addDefaultRoute(via: try #require(IPAddress("10.88.0.1")), index: 2).sent
        == lines(
          hex(
            """
            2c000000 1800 0105 01000000 00000000   # RTM_NEWROUTE, REQUEST|REPLACE|CREATE
            02 00 00 00 fe 04 00 01 00000000       # rtmsg: AF_INET, /0, /0, tos, main, static, universe, unicast
            0800 0500 0a580001                     # RTA_GATEWAY
            0800 0400 02000000                     # RTA_OIF
            """)))
  }
}
