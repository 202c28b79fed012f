import Foundation
import LinuxSystem
import Netlink
import Store
import Synchronization
import TestSupport
import Testing

@testable import PodNetwork

extension KernelTests {
  @Suite("Attachments", .serialized)
  struct AttachmentLifeTests {
    @Test("are given back once; the second time is no error, and the link goes with the namespace")
    func detach() throws {
      let node = try Node()
      defer { node.close() }
      let name = try {
        let pod = try node.network.attach(
          owner: "a", portMappings: [HostPortMapping(transport: .udp, hostPort: 5353, containerPort: 53)])
        #expect(try node.network.linkNames() == [pod.hostInterface])
        #expect(pod.hostInterface == node.network.plannedLinkName(owner: "a"))
        #expect(try node.leases() == 1)
        try node.network.detach(owner: "a")
        try node.network.detach(owner: "a")
        #expect(try node.leases() == 1, "something still leads to the address")
        return pod.hostInterface
      }()
      #expect(try eventuallyBlocking { try !Node.links().contains { $0.name == name } })
      #expect(try eventuallyBlocking { try node.leases() == 0 })
      try node.network.detach(owner: "never attached")
    }

    @Test(
      "that fail leave no lease, no record, no link and no host port",
      arguments: [FaultPoint.networkNamespace, .addressLease, .vethCreate, .networkConfigure, .hostPort].flatMap { point in
        point.moments.map { (point, $0) }
      })
    func faults(_ point: FaultPoint, _ moment: FaultMoment) throws {
      let node = try Node()
      defer { node.close() }
      let ports = [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)]
      let error = #expect(throws: PodNetworkError.self) {
        try Faults.$plan.withValue(FaultPlan(point, moment, code: 12)) { try node.network.attach(owner: "a", portMappings: ports) }
      }
      #expect(error?.description.contains("errno 12") == true)
      #expect(try eventuallyBlocking { try node.records().isEmpty })
      #expect(try eventuallyBlocking { try node.network.linkNames() == [] })
      // Everything is free again.
      let pod = try node.pod("a", ports: ports)
      #expect(try Endpoint.host.connect("10.88.0.1", 8080) != nil)
      _ = pod
    }

    @Test("that want a host port of another pod fail, and name it")
    func portOfPod() throws {
      let node = try Node()
      defer { node.close() }
      let pod = try node.pod("first", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)])
      let error = #expect(throws: PodNetworkError.self) {
        try node.network.attach(
          owner: "second", portMappings: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 81)])
      }
      #expect(error?.code == .portTaken)
      #expect(error?.message == "host port 8080/TCP is taken by pod sandbox first")
      #expect(try eventuallyBlocking { try node.leases() == 1 })
      #expect(try Endpoint.host.connect("10.88.0.1", 8080) != nil, "the first keeps it")
      // The same number of the other protocol is another port.
      _ = try node.network.attach(
        owner: "third", portMappings: [HostPortMapping(transport: .udp, hostPort: 8080, containerPort: 81)])
      _ = pod
    }

    @Test("that want a port a process of the host listens on fail, and name the process", arguments: ["", "10.88.0.1"])
    func portOfProcess(_ hostIP: String) throws {
      let node = try Node()
      defer { node.close() }
      let mapping = HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80, hostIP: hostIP)
      do {
        let server = try Endpoint.Server(.host, address: try #require(IPAddress("0.0.0.0")), port: 8080)
        let error = #expect(throws: PodNetworkError.self) { try node.network.attach(owner: "a", portMappings: [mapping]) }
        #expect(error?.code == .portTaken)
        #expect(error?.message.contains("(pid ") == true, "\(String(describing: error))")
        #expect(try eventuallyBlocking { try node.leases() == 0 })
        _ = server
      }
      // Free again when the listener is gone.
      #expect(
        eventuallyBlocking { (try? node.network.attach(owner: "a", portMappings: [mapping]))?.addresses.count == 1 })
    }

    @Test("that want a port of an IPv6 address a process listens on fail", .enabled(if: Node.hasIPv6))
    func portOfProcess6() throws {
      let node = try Node("tb6", "fd00:88::/64")
      defer { node.close() }
      let server = try Endpoint.Server(.host, address: try #require(IPAddress("fd00:88::1")), port: 8080)
      let mapping = HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80, hostIP: "fd00:88::1")
      #expect(
        #expect(throws: PodNetworkError.self) { try node.network.attach(owner: "a", portMappings: [mapping]) }?.code == .portTaken)
      _ = server
    }

    @Test("with a host IP that is no address are refused")
    func wrongHostIP() throws {
      let node = try Node()
      defer { node.close() }
      let mapping = HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80, hostIP: "localhost")
      #expect(
        #expect(throws: PodNetworkError.self) { try node.network.attach(owner: "a", portMappings: [mapping]) }?.code
          == .invalidSettings)
      #expect(try eventuallyBlocking { try node.leases() == 0 })
    }

    @Test("of pods that are gone are given back at start, our links of nobody are removed, those of others and live ones stay")
    func reconcile() throws {
      let node = try Node()
      defer { node.close() }
      let live = try node.pod("live", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)])
      let dead = try node.pod("dead", ports: [HostPortMapping(transport: .tcp, hostPort: 8081, containerPort: 80)])
      let bridge = try #require(LinkInfo(try Node.kernel.get(RouteRequests.getLink("tb0")))).index
      let strangers = try ["stray", "foreign"].map { name in
        let namespace = try NetworkNamespace.create()
        try namespace.withRaw { raw in
          try Node.kernel.perform(RouteRequests.createVeth(name, peer: "eth0", namespace: raw, bridge: bridge, mtu: nil))
        }
        return namespace
      }
      try Node.kernel.perform(RouteRequests.setAlias("swiftlet tb0", link: "stray"))
      let again = try BridgeNetwork(settings: node.network.settings, store: node.store)
      try again.prepare()
      #expect(try again.strayLinks() == ["stray"])
      let report: NetworkReport = try again.reconcile(liveOwners: ["live", "host-network-pod"])
      #expect(Set(report.sentences) == ["gave back the addresses 10.88.0.3 of dead", "removed link stray"])
      #expect(report.failures == [])
      #expect(try eventuallyBlocking { try Set(again.linkNames()) == [live.attachment.hostInterface, "foreign"] })
      #expect(try eventuallyBlocking { try node.leases() == 1 })
      #expect(try Endpoint.host.connect("10.88.0.1", 8080) != nil)
      #expect(try Endpoint.host.connect("10.88.0.1", 8081, within: 1) == nil)
      let next: NetworkReport = try again.reconcile(liveOwners: ["live"])
      #expect(next.sentences == [])
      _ = (dead, strangers)
    }

    @Test("and everything else are gone after the removal of the network, which may be repeated")
    func removeAll() throws {
      let node = try Node()
      defer { node.close() }
      try node.network.prepare()
      try node.network.check()
      let pod = try node.network.attach(owner: "a", portMappings: [])
      try node.network.detach(owner: "a")
      try node.network.removeAll()
      try node.network.removeAll()
      #expect(throws: PodNetworkError.self) { try node.network.check() }
      #expect(try !Node.links().contains { $0.name == "tb0" })
      let netfilter = try NetlinkSocket.netfilter()
      let error = #expect(throws: NetlinkError.self) { try netfilter.get(NFTRequests(table: "swiftlet-tb0").getTable()) }
      #expect(error?.code == 2)
      _ = pod
      // And it can be made again.
      try node.network.prepare()
      try node.network.check()
    }

    @Test("are refused when the bridge's name belongs to another kind of link")
    func foreignLink() throws {
      let node = try Node()
      defer { node.close() }
      let pod = try node.network.attach(owner: "a", portMappings: [])
      let other = try BridgeNetwork(
        settings: try BridgeNetworkSettings(bridgeName: pod.hostInterface, podCIDR: "10.99.0.0/24"), store: node.store)
      #expect(#expect(throws: PodNetworkError.self) { try other.prepare() }?.code == .invalidSettings)
      #expect(try Node.links().contains { $0.name == pod.hostInterface })
    }

    @Test("carry traffic when attach returns: the bridge forwards, also on a busy machine")
    func forwarding() throws {
      let node = try Node()
      defer { node.close() }
      // Busy: the kernel's worker that tells the bridge about a link waits for its turn.
      let busy = (0..<12).map { _ in BusyThread() }
      defer { for thread in busy { thread.stop() } }
      let pods = try (0..<20).map { number in
        let pod = try node.network.attach(owner: "pod\(number)", portMappings: [])
        // A listing does not hurry the kernel as a look at one link does.
        #expect(try Node.links().first { $0.name == pod.hostInterface }?.isForwarding == true)
        return pod
      }
      #expect(pods.count == 20)
    }

    @Test("are made by many tasks at once, each with its own address")
    func concurrent() async throws {
      let node = try Node()
      defer { node.close() }
      let network = node.network
      let pods = try await withThrowingTaskGroup(of: PodNetworkAttachment.self) { group in
        for number in 0..<20 {
          group.addTask {
            try await runBlocking { () throws(PodNetworkError) in
              try network.attach(
                owner: "pod\(number)",
                portMappings: [HostPortMapping(transport: .tcp, hostPort: UInt16(9000 + number), containerPort: 80)])
            }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(pods.flatMap(\.addresses)).count == 20)
      #expect(try network.linkNames().count == 20)
    }
  }
}

/// A thread that does nothing, as fast as it can.
private final class BusyThread: Sendable {
  private let isOver = Atomic<Bool>(false)
  init() {
    Thread.detachNewThread { [self] in while !isOver.load(ordering: .relaxed) {} }
  }
  func stop() { isOver.store(true, ordering: .relaxed) }
}

extension KernelTests {
  @Suite("Attachments of an agent that died", .serialized)
  struct CrashTests {
    @Test(
      "are given back at the next start: made in advance, on their way out, or of a pod that never was",
      arguments: ["pool/10.88.0.200", "gone/10.88.0.200", "never"])
    func repair(_ owner: String) throws {
      let node = try Node()
      defer { node.close() }
      let pod = try node.pod("alive", ports: [])
      try Collection<AttachmentRecord>("network/tb0", in: node.store).put(
        AttachmentRecord(
          owner: owner, addresses: ["10.88.0.200"], link: "vethdead", ports: [], hardwareAddress: "0a:58:0a:58:00:c8"), id: owner)
      let again = try BridgeNetwork(settings: node.network.settings, store: node.store)
      try again.prepare()
      let _: NetworkReport = try again.reconcile(liveOwners: ["alive"])
      #expect(try eventuallyBlocking { try node.records().map(\.owner) == ["alive"] })
      #expect(try Endpoint.host.connect(pod.address, 80) != nil)
    }

    @Test("before pods' frames were checked go on working, and are given back like others")
    func older() throws {
      let node = try Node()
      defer { node.close() }
      // As such an agent left it: a link of another name, an address of the kernel's making, a record without it.
      let namespace = try NetworkNamespace.create()
      try namespace.withRaw { raw in
        try Node.kernel.perform(
          RouteRequests.createVeth("vetholder", peer: "eth0", namespace: raw, bridge: node.network.bridge.index, mtu: nil))
      }
      let address = try #require(IPAddress("10.88.0.77"))
      try Endpoint(namespace: namespace).run {
        let inside = try NetlinkConnection.route()
        let eth0 = try #require(LinkInfo(try inside.get(RouteRequests.getLink("eth0")))).index
        try inside.perform([
          RouteRequests.addAddress(address, prefix: 24, index: eth0), RouteRequests.setUp(index: eth0, name: "eth0"),
        ])
      }
      let server = try Endpoint.Server(Endpoint(namespace: namespace), address: address, port: 80)
      let record = #"{"owner":"old","addresses":["10.88.0.77"],"link":"vetholder","ports":[]}"#
      let decoded = try JSONDecoder().decode(AttachmentRecord.self, from: Data(record.utf8))
      try Collection<AttachmentRecord>("network/tb0", in: node.store).put(decoded, id: "old")
      let again = try BridgeNetwork(settings: node.network.settings, store: node.store)
      try again.prepare()
      let report: NetworkReport = try again.reconcile(liveOwners: ["old"])
      #expect(report.sentences == [])
      #expect(try eventuallyBlocking { try Endpoint.host.connect("10.88.0.77", 80) != nil })
      try again.detach(owner: "old")
      #expect(try eventuallyBlocking { try node.leases() == 0 && !Node.links().contains { $0.name == "vetholder" } })
      _ = server
    }
  }
}
