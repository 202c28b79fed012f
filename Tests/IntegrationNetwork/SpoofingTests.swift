import Glibc
import LinuxSystem
import Netlink
import TestSupport
import Testing

@testable import PodNetwork

/// Where a pod's frames are checked; `nowhere` shows that the attack is one.
enum Guard: CaseIterable {
  case nowhere
  case bridge
  case device

  var families: [NFTRequests.Family] {
    switch self {
    case .nowhere: []
    case .bridge: [.bridge]
    case .device: [.netdev]
    }
  }
  var isOn: Bool { self != .nowhere }
}

extension KernelTests {
  /// Pods a (attacker, with CAP_NET_RAW), b (victim) and c (whose traffic the attacker wants).
  @Suite("A pod that sends frames of its own making", .serialized)
  struct SpoofingTests {
    private let six = "10.88.0.0/24,fd00:88::/64"

    private func hardware(_ address: String) throws -> [UInt8] { HardwareAddress(for: try #require(IPAddress(address))).bytes }

    /// What a namespace knows about the hardware address of a neighbour.
    private func neighbour(_ address: String, of endpoint: Endpoint) throws -> String? {
      try endpoint.run { try readFile("/proc/thread-self/net/arp") }.split(separator: "\n").map { $0.split(separator: " ") }
        .first { $0.first == Substring(address) }.map { String($0[3]) }
    }

    @Test(
      "does not redirect another pod's or the host's traffic with forty ARP packets, tagged or not",
      arguments: Guard.allCases, [UInt8?.none, 0])
    func arp(_ kind: Guard, _ tag: UInt8?) throws {
      let node = try Node(guards: kind.families)
      defer { node.close() }
      let (a, b, c) = (try node.pod("a"), try node.pod("b"), try node.pod("c"))
      let (own, right) = (try hardware(a.address), HardwareAddress(for: try #require(IPAddress(c.address))).description)
      for endpoint in [b.endpoint, .host] {
        #expect(try endpoint.connect(c.address, 80) != nil)
        #expect(try neighbour(c.address, of: endpoint) == right)
      }
      try FrameSocket(a.endpoint).send(
        Frame.gratuitousARP(try #require(IPAddress(c.address)), at: own, tag: tag), times: 40)
      if kind.isOn { usleep(100_000) }
      for endpoint in [b.endpoint, .host] {
        if kind.isOn {
          #expect(try neighbour(c.address, of: endpoint) == right)
          #expect(try endpoint.connect(c.address, 80) != nil)
        } else {
          #expect(try eventuallyBlocking { try neighbour(c.address, of: endpoint) != right })
        }
      }
    }

    @Test("does not get another pod's packets by using its hardware address", arguments: Guard.allCases)
    func hardwareAddress(_ kind: Guard) throws {
      let node = try Node(guards: kind.families)
      defer { node.close() }
      let (a, b, c) = (try node.pod("a"), try node.pod("b"), try node.pod("c"))
      let server = try DatagramSocket(c.endpoint, port: 53)
      let client = try DatagramSocket(b.endpoint)
      try client.send("one", to: c.address, 53)
      #expect(server.receive() == "one")
      // The bridge learns from whatever frame comes in.
      func attack(patience: Int) throws -> String? {
        try FrameSocket(a.endpoint).send(
          Frame.ethernet(to: Frame.broadcast, from: try hardware(c.address), type: [0x88, 0xb5], []), times: 40)
        usleep(50_000)
        try client.send("two", to: c.address, 53)
        return server.receive(within: patience)
      }
      if kind.isOn {
        #expect(try attack(patience: 30_000) == "two")
      } else {
        #expect(try eventuallyBlocking { try attack(patience: 300) == nil })
      }
    }

    @Test("does not speak in another pod's name", arguments: Guard.allCases)
    func source(_ kind: Guard) throws {
      let node = try Node(guards: kind.families)
      defer { node.close() }
      let (a, c) = (try node.pod("a"), try node.pod("c"))
      let server = try DatagramSocket(.host, port: 5399)
      let addresses = (from: try hardware(a.address), to: node.network.settings.bridgeAddress)
      let gateway = try #require(IPAddress("10.88.0.1"))
      func packet(_ text: String, from: String) throws -> [UInt8] {
        Frame.datagram(text, from: try #require(IPAddress(from)), to: gateway, port: 5399, hardware: addresses)
      }
      let socket = try FrameSocket(a.endpoint)
      try socket.send(try packet("own", from: a.address))
      #expect(server.receive() == "own")
      try socket.send(try packet("other", from: c.address))
      #expect(server.receive(within: kind.isOn ? 300 : 30_000) == (kind.isOn ? nil : "other"))
    }

    @Test("becomes nobody's IPv6 router", .enabled(if: Node.hasIPv6), arguments: Guard.allCases, [false, true])
    func router(_ kind: Guard, _ isHidden: Bool) throws {
      let node = try Node("tb6", six, guards: kind.families)
      defer { node.close() }
      let (a, b) = (try node.pod("a"), try node.pod("b"))
      let own = HardwareAddress(for: try #require(IPAddress(a.address)))
      let frame = Frame.icmp6(
        Frame.routerAdvertisement, from: own.linkLocal, to: try #require(IPAddress("ff02::1")),
        hardware: (own.bytes, [0x33, 0x33, 0, 0, 0, 1]), hidden: isHidden)
      let socket = try FrameSocket(a.endpoint)
      func routes(_ endpoint: Endpoint) throws -> Bool {
        try socket.send(frame, times: 3)
        usleep(100_000)
        let router = own.linkLocal.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return try endpoint.run { try readFile("/proc/thread-self/net/ipv6_route") }.contains(router)
      }
      // Pods and bridge do not listen, whether it comes through or not.
      #expect(try !routes(b.endpoint))
      #expect(try !routes(.host))
      // A pod that listens (its own doing) is not told.
      try b.endpoint.run { try writeFile("/proc/sys/net/ipv6/conf/eth0/accept_ra", "1") }
      if kind.isOn { #expect(try !routes(b.endpoint)) } else { #expect(try eventuallyBlocking { try routes(b.endpoint) }) }
    }

    @Test("does not get IPv6 traffic with neighbour advertisements", .enabled(if: Node.hasIPv6), arguments: Guard.allCases)
    func neighbourDiscovery(_ kind: Guard) throws {
      let node = try Node("tb6", six, guards: kind.families)
      defer { node.close() }
      let (a, b, c) = (try node.pod("a"), try node.pod("b"), try node.pod("c"))
      let target = try #require(IPAddress(c.attachment.addresses[1]))
      #expect(try b.endpoint.connect(target.description, 80) == b.attachment.addresses[1])
      let own = try hardware(a.address)
      func attack(patience: Int) throws -> String? {
        try FrameSocket(a.endpoint).send(
          Frame.icmp6(
            Frame.neighbourAdvertisement(target, at: own), from: try #require(IPAddress(a.attachment.addresses[1])),
            to: try #require(IPAddress(b.attachment.addresses[1])), hardware: (own, try hardware(b.address))), times: 10)
        usleep(50_000)
        return try b.endpoint.connect(target.description, 80, within: patience)
      }
      if kind.isOn {
        #expect(try attack(patience: 30) != nil)
      } else {
        #expect(try eventuallyBlocking { try attack(patience: 1) == nil })
      }
    }

    @Test("has no IPv6 address, and no ear for routers, in a network without IPv6", .enabled(if: Node.hasIPv6))
    func settings() throws {
      let node = try Node()
      defer { node.close() }
      let pod = try node.pod("a")
      func settings(_ endpoint: Endpoint, _ link: String) throws -> [String] {
        try endpoint.run {
          try [
            "ipv6/conf/\(link)/accept_ra", "ipv6/conf/\(link)/accept_redirects", "ipv6/conf/\(link)/autoconf",
            "ipv4/conf/\(link)/accept_redirects",
          ].map { String(try readFile("/proc/sys/net/\($0)").prefix(1)) }
        }
      }
      #expect(try settings(pod.endpoint, "eth0") == ["0", "0", "0", "0"])
      #expect(try settings(.host, "tb0") == ["0", "0", "0", "0"])
      #expect(try pod.endpoint.run { try readFile("/proc/thread-self/net/if_inet6") }.contains("eth0") == false)
    }

    @Test("is told of: checks at each device, or none at all, are worth a note")
    func note() throws {
      for (kind, expected) in [(Guard.bridge, nil), (.device, "at each device"), (.nowhere, "is not checked")] {
        let node = try Node(guards: kind.families)
        defer { node.close() }
        #expect(node.network.note?.contains(expected ?? "") == (expected == nil ? nil : true))
      }
    }
  }
}
