import LinuxSystem
import Netlink
import TestSupport
import Testing

@testable import PodNetwork

/// Every suite of this target, one after the other: they share the process's network namespace.
@Suite("Pod networks with the real kernel", .serialized, .enabled(if: Node.isIsolated, "needs root and `unshare --net`"))
enum KernelTests {}

extension KernelTests {
  @Suite("Traffic", .serialized)
  struct PodTrafficTests {
    @Test("goes between host and pod, pod and pod, and a pod and itself, with the pods' own addresses")
    func inside() throws {
      let node = try Node()
      defer { node.close() }
      let (a, b) = (try node.pod("a"), try node.pod("b"))
      #expect([a.address, b.address] == ["10.88.0.2", "10.88.0.3"])
      #expect(try Endpoint.host.connect(a.address, 80) == "10.88.0.1")
      #expect(try a.endpoint.connect(b.address, 80) == a.address)
      #expect(try b.endpoint.connect(a.address, 80) == b.address)
      #expect(try a.endpoint.connect(a.address, 80) == a.address)
      #expect(try a.endpoint.connect("127.0.0.1", 81, within: 1) == nil)
      let host = try Endpoint.Server(.host, address: try #require(IPAddress("10.88.0.1")), port: 8099)
      #expect(try a.endpoint.connect("10.88.0.1", host.port) == a.address)
      let statistics = try #require(try node.network.statistics(owner: "a"))
      #expect(statistics.name == "eth0" && statistics.rxBytes > 200 && statistics.txBytes > 200)
    }

    @Test("to the world outside has the host's address, and comes back")
    func masquerade() throws {
      let node = try Node()
      defer { node.close() }
      let outside = try Outside()
      defer { outside.remove() }
      let pod = try node.pod("a")
      #expect(try pod.endpoint.connect(outside.address, 80) == outside.hostAddress)
      #expect(try Endpoint.host.connect(outside.address, 80) == outside.hostAddress)
    }

    @Test("reaches a host port from outside, from the host, from the pod itself and from another pod")
    func hostPort() throws {
      let node = try Node()
      defer { node.close() }
      let outside = try Outside()
      defer { outside.remove() }
      let pod = try node.pod("a", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)])
      let other = try node.pod("b")
      #expect(try outside.endpoint.connect(outside.hostAddress, 8080) == outside.address, "the pod sees the client")
      #expect(try Endpoint.host.connect("10.88.0.1", 8080) != nil)
      #expect(try Endpoint.host.connect("127.0.0.1", 8080) == "10.88.0.1")
      #expect(try Endpoint.host.connect(outside.hostAddress, 8080) != nil)
      #expect(try pod.endpoint.connect("10.88.0.1", 8080) != nil, "hairpin")
      #expect(try pod.endpoint.connect(outside.hostAddress, 8080) != nil, "hairpin")
      #expect(try other.endpoint.connect("10.88.0.1", 8080) != nil)
      #expect(try Endpoint.host.connect("10.88.0.1", 8081, within: 1) == nil)
      try node.network.detach(owner: "a")
      #expect(try Endpoint.host.connect("127.0.0.1", 8080, within: 1) == nil)
      #expect(try outside.endpoint.connect(outside.hostAddress, 8080, within: 1) == nil)
    }

    @Test("reaches a host port of one address on that address only")
    func hostIP() throws {
      let node = try Node()
      defer { node.close() }
      let pod = try node.pod("a", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80, hostIP: "127.0.0.1")])
      let other = try node.pod(
        "b", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80, hostIP: "10.88.0.1")])
      #expect(try Endpoint.host.connect("127.0.0.1", 8080) != nil)
      #expect(try Endpoint.host.connect("10.88.0.1", 8080) != nil)
      try node.network.detach(owner: "b")
      #expect(try Endpoint.host.connect("10.88.0.1", 8080, within: 1) == nil)
      #expect(try Endpoint.host.connect("127.0.0.1", 8080) != nil)
      _ = (pod, other)
    }

    @Test("host ports still lead to their pods after the agent made the table again")
    func restart() throws {
      let node = try Node()
      defer { node.close() }
      let pod = try node.pod("a", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)])
      let again = try BridgeNetwork(settings: node.network.settings, store: node.store)
      try again.prepare()
      try again.check()
      #expect(try Endpoint.host.connect("10.88.0.1", 8080) != nil)
      let report: NetworkReport = try again.reconcile(liveOwners: ["a"])
      #expect(report.sentences == [])
      #expect(try again.attach(owner: "b", portMappings: []).addresses == ["10.88.0.3"])
      _ = pod
    }

    @Test("of a UDP client that never stops sending reaches the pod that has the host port now")
    func datagrams() throws {
      let node = try Node()
      defer { node.close() }
      let outside = try Outside()
      defer { outside.remove() }
      let client = try DatagramSocket(outside.endpoint)
      let mapping = HostPortMapping(transport: .udp, hostPort: 5300, containerPort: 53)
      try client.send("before any pod", to: outside.hostAddress, 5300)
      for owner in ["a", "b"] {
        let pod = try node.network.attach(owner: owner, portMappings: [mapping])
        let server = try DatagramSocket(Endpoint(namespace: pod.namespace), port: 53)
        try client.send("to \(owner)", to: outside.hostAddress, 5300)
        #expect(server.receive() == "to \(owner)")
        try node.network.detach(owner: owner)
        try client.send("to nobody", to: outside.hostAddress, 5300)
        #expect(server.receive(within: 300) == nil)
      }
    }

    @Test("of IPv6 pods works the same way", .enabled(if: Node.hasIPv6))
    func six() throws {
      let node = try Node("tb6", "10.88.0.0/24,fd00:88::/64")
      defer { node.close() }
      let pod = try node.pod("a", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)])
      let other = try node.pod("b")
      #expect(pod.attachment.addresses == ["10.88.0.2", "fd00:88::2"])
      #expect(try Endpoint.host.connect("fd00:88::2", 80) == "fd00:88::1")
      #expect(try other.endpoint.connect("fd00:88::2", 80) == "fd00:88::3")
      #expect(try Endpoint.host.connect("fd00:88::1", 8080) != nil)
      #expect(try other.endpoint.connect("fd00:88::1", 8080) != nil)
      #expect(try pod.endpoint.connect("fd00:88::1", 8080) != nil, "hairpin")
      #expect(try other.endpoint.connect("10.88.0.2", 80) == "10.88.0.3")
    }

    @Test("of two networks side by side stays apart")
    func two() throws {
      let (one, two) = (try Node("tb1", "10.88.1.0/24"), try Node("tb2", "10.88.2.0/24"))
      defer {
        one.close()
        two.close()
      }
      let a = try one.pod("same", ports: [HostPortMapping(transport: .tcp, hostPort: 8081, containerPort: 80)])
      let b = try two.pod("same", ports: [HostPortMapping(transport: .tcp, hostPort: 8082, containerPort: 80)])
      #expect(a.attachment.hostInterface != b.attachment.hostInterface)
      #expect(try Endpoint.host.connect("127.0.0.1", 8081) == "10.88.1.1")
      #expect(try Endpoint.host.connect("127.0.0.1", 8082) == "10.88.2.1")
      try one.network.removeAll()
      #expect(try Endpoint.host.connect("127.0.0.1", 8081, within: 1) == nil)
      #expect(try Endpoint.host.connect("127.0.0.1", 8082) == "10.88.2.1")
      #expect(try Endpoint.host.connect(b.address, 80) == "10.88.2.1")
    }

    @Test("keeps the bridge's hardware address as pods come and go")
    func address() throws {
      let node = try Node()
      defer { node.close() }
      func bridge() throws -> [UInt8]? { try Node.links().first { $0.name == "tb0" }?.address }
      let before = try bridge()
      #expect(before == node.network.settings.bridgeAddress)
      let pods = try (0..<8).map { try node.pod("pod\($0)") }
      #expect(try bridge() == before)
      for index in pods.indices { try node.network.detach(owner: "pod\(index)") }
      #expect(try bridge() == before)
    }
  }
}

/// A namespace behind a veth pair that is no pod: the rest of the network.
struct Outside {
  let address = "192.0.2.2"
  let hostAddress = "192.0.2.1"
  let endpoint: Endpoint
  private let server: Endpoint.Server

  init() throws {
    let namespace = try NetworkNamespace.create()
    try Node.kernel.perform(RouteRequests.createBridge("out0", mtu: nil, address: nil))
    let bridge = try #require(LinkInfo(try Node.kernel.get(RouteRequests.getLink("out0")))).index
    try Node.kernel.perform(RouteRequests.setUp(index: bridge, name: "out0"))
    try Node.kernel.perform(RouteRequests.addAddress(try #require(IPAddress(hostAddress)), prefix: 24, index: bridge))
    try namespace.withRaw { raw in
      try Node.kernel.perform(RouteRequests.createVeth("out1", peer: "eth0", namespace: raw, bridge: bridge, mtu: nil))
    }
    endpoint = Endpoint(namespace: namespace)
    let own = try #require(IPAddress(address))
    try endpoint.run {
      let inside = try NetlinkConnection.route()
      let eth0 = try #require(LinkInfo(try inside.get(RouteRequests.getLink("eth0")))).index
      try inside.perform([
        RouteRequests.setUp(index: 1, name: "lo"), RouteRequests.addAddress(own, prefix: 24, index: eth0),
        RouteRequests.setUp(index: eth0, name: "eth0"),
      ])
    }
    server = try Endpoint.Server(endpoint, address: own, port: 80)
    // The bridge passes nothing before.
    #expect(try eventuallyBlocking { LinkInfo(try Node.kernel.get(RouteRequests.getLink("out1")))?.isForwarding == true })
  }

  /// From here on it knows the way to the pods.
  func addRoute() throws {
    let gateway = try #require(IPAddress(hostAddress))
    try endpoint.run {
      let inside = try NetlinkConnection.route()
      let eth0 = try #require(LinkInfo(try inside.get(RouteRequests.getLink("eth0")))).index
      try inside.perform(RouteRequests.addDefaultRoute(via: gateway, index: eth0))
    }
  }

  func remove() {
    for name in ["out1", "out0"] {
      do { try Node.kernel.perform(RouteRequests.deleteLink(name)) } catch { Issue.record("cleaning up: \(error)") }
    }
  }
}
