import Foundation
import Glibc
import LinuxSystem
import Netlink
import Store
import TestSupport
import Testing

@testable import PodNetwork

extension KernelTests {
  @Suite("Networks made in advance", .serialized)
  struct PreparedNetworkTests {
    private func ready(_ node: Node, _ count: Int) -> Bool { eventuallyBlocking { node.network.prepared.count == count } }

    @Test("are handed out whole, checked and with host ports, and made again")
    func handOut() throws {
      let node = try Node(prepared: 3)
      defer { node.close() }
      #expect(try node.records().isEmpty, "nothing before it is asked for")
      node.network.startPreparing()
      #expect(ready(node, 3))
      #expect(try node.network.linkNames().count == 3)
      #expect(try node.network.strayLinks() == [])
      let pod = try node.pod("a", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)])
      #expect(pod.address == "10.88.0.2", "the oldest")
      #expect(try Endpoint.host.connect(pod.address, 80) == "10.88.0.1")
      #expect(try Endpoint.host.connect("127.0.0.1", 8080) != nil)
      #expect(try pod.endpoint.connect("10.88.0.1", 8080) != nil, "hairpin")
      #expect(try #require(try node.network.statistics(owner: "a")).rxBytes > 200)
      let low = try pod.endpoint.run { try readFile("/proc/sys/net/ipv4/ip_unprivileged_port_start") }
      #expect(low == "0\n")
      #expect(ready(node, 3))
      #expect(try Set(node.records().map(\.owner)) == ["a", "pool/10.88.0.3", "pool/10.88.0.4", "pool/10.88.0.5"])
      // The checks know it.
      let other = try node.pod("b")
      try FrameSocket(other.endpoint).send(
        Frame.gratuitousARP(
          try #require(IPAddress(pod.address)), at: HardwareAddress(for: try #require(IPAddress(other.address))).bytes),
        times: 10)
      #expect(try Endpoint.host.connect(pod.address, 80) == "10.88.0.1")
    }

    @Test("are never more than asked for, and as many again after a burst of pods, each of which has a network of its own")
    func burst() async throws {
      let node = try Node(prepared: 4)
      defer { node.close() }
      let network = node.network
      network.startPreparing()
      #expect(ready(node, 4))
      let pods = try await withThrowingTaskGroup(of: PodNetworkAttachment.self) { group in
        for number in 0..<24 {
          group.addTask { try await network.attach(AttachRequest(owner: "pod\(number)")) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(pods.flatMap(\.addresses)).count == 24)
      #expect(ready(node, 4))
      #expect(try node.records().filter { $0.use == .prepared }.count == 4)
      for number in 0..<24 { try await network.detach(owner: "pod\(number)") }
      #expect(ready(node, 4))
      _ = pods
    }

    @Test("are given back when the agent stops; pods keep theirs")
    func stop() async throws {
      let node = try Node(prepared: 4)
      defer { node.close() }
      node.network.startPreparing()
      #expect(ready(node, 4))
      let pod = try node.pod("a")
      await node.network.stop()
      #expect(try node.records().map(\.owner) == ["a"])
      #expect(try node.network.linkNames() == [pod.attachment.hostInterface])
      #expect(try Endpoint.host.connect(pod.address, 80) != nil)
      #expect(try node.network.attach(owner: "b", portMappings: []).addresses != [pod.address], "and goes on without them")
    }

    @Test("of an agent that was killed, under another CIDR, are found at the next start and leave nothing")
    func crash() throws {
      let node = try Node(prepared: 4)
      defer { node.close() }
      node.network.startPreparing()
      #expect(ready(node, 4))
      let pod = try node.pod("a")
      #expect(ready(node, 4))
      // The process is gone: its descriptors are closed, its records stay.
      let records = try node.records()
      let again = try BridgeNetwork(
        settings: try BridgeNetworkSettings(bridgeName: "tb0", podCIDR: "10.89.0.0/24", prepared: 2), store: node.store)
      try again.prepare()
      let report: NetworkReport = try again.reconcile(liveOwners: ["a"])
      #expect(report.failures == [])
      #expect(report.sentences.count == records.count - 1)
      #expect(try eventuallyBlocking { try node.records().map(\.owner) == ["a"] })
      #expect(try again.linkNames() == [pod.attachment.hostInterface])
      again.startPreparing()
      #expect(eventuallyBlocking { again.prepared.count == 2 })
      #expect(try again.attach(owner: "b", portMappings: []).addresses == ["10.89.0.2"])
      #expect(try Endpoint.host.connect(pod.address, 80) != nil)
    }

    @Test(
      "leave most addresses of a small network to pods", arguments: [("10.88.0.0/30", 0), ("10.88.0.0/27", 4), ("10.88.0.0/24", 8)])
    func small(_ cidr: String, _ expected: Int) throws {
      #expect(try BridgeNetworkSettings(bridgeName: "br0", podCIDR: cidr, prepared: 8).prepared == expected)
    }

    @Test("are not for a pod that has a namespace already: its own is used")
    func ownNamespace() throws {
      let node = try Node(prepared: 2)
      defer { node.close() }
      node.network.startPreparing()
      #expect(ready(node, 2))
      let namespace = try NetworkNamespace.create()
      let pod = try node.network.attach(owner: "a", portMappings: [], namespace: namespace)
      #expect(pod.namespace === namespace)
      #expect(pod.addresses == ["10.88.0.4"])
      #expect(node.network.prepared.count == 2)
    }

    @Test("whose link somebody removed are not given to a pod with host ports")
    func removed() throws {
      let node = try Node(prepared: 1)
      defer { node.close() }
      node.network.startPreparing()
      #expect(ready(node, 1))
      for name in try node.network.linkNames() { try Node.kernel.perform(RouteRequests.deleteLink(name)) }
      let pod = try node.pod("a", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)])
      #expect(try Endpoint.host.connect("10.88.0.1", 8080) != nil)
      #expect(try pod.endpoint.connect("10.88.0.1", 8080) != nil)
    }

    @Test("are not made while there is no address, and are as soon as one is free again")
    func failure() throws {
      let node = try Node("tb0", "10.88.0.0/28", prepared: 1)
      defer { node.close() }
      let pods = try (0..<13).map { try node.network.attach(owner: "pod\($0)", portMappings: []) }
      node.network.startPreparing()
      // The address is free when the link has gone, which is after this.
      try Node.kernel.perform(RouteRequests.deleteLink(pods[0].hostInterface))
      #expect(node.network.prepared.count == 0)
      try node.network.detach(owner: "pod0")
      #expect(ready(node, 1))
      #expect(try node.leases() == 13)
    }
  }
}

extension KernelTests {
  @Suite("A network as a provider", .serialized)
  struct ProviderTests {
    @Test("detaches what was never attached, and twice")
    func detach() async throws {
      let node = try Node()
      defer { node.close() }
      let provider: any PodNetworkProvider = node.network
      try await provider.detach(owner: "never")
      let pod = try await provider.attach(AttachRequest(owner: "a"))
      #expect(pod.addresses == ["10.88.0.2"])
      try await provider.check()
      try await provider.detach(owner: "a")
      try await provider.detach(owner: "a")
      #expect(try await provider.statistics(owner: "a") == nil)
    }

    @Test("takes back what comes after its caller gave up")
    func deadline() async throws {
      let node = try Node()
      defer { node.close() }
      let (network, store) = (node.network, node.store)
      // The attach has its lease in memory and waits for the store, which somebody else writes to.
      let (isHeld, goesOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
      async let writing: Void = runBlocking { () throws(StoreError) in
        try store.transaction { _ in
          isHeld.signal()
          goesOn.wait()
        }
      }
      await runBlocking { isHeld.wait() }
      let error = await #expect(throws: PodNetworkError.self) {
        try await network.attach(AttachRequest(owner: "a", limit: .milliseconds(50)))
      }
      let isLeased = await eventually { network.owners == ["a"] }
      goesOn.signal()
      try await writing
      #expect(error?.code == .timedOut)
      #expect(isLeased)
      #expect(try await eventually { try network.owners.isEmpty && node.records().isEmpty && network.linkNames().isEmpty })
    }
  }

  @Suite("Attachments and the store", .serialized)
  struct UnreadableTests {
    @Test("one record that cannot be read costs its own pod only")
    func unreadable() throws {
      let node = try Node()
      defer { node.close() }
      let (a, b) = (try node.pod("a"), try node.pod("b"))
      try Documents("network/tb0", in: node.store).put(id: "b", bytes: Array("{".utf8))
      let again = try BridgeNetwork(settings: node.network.settings, store: node.store)
      try again.prepare()
      let report: NetworkReport = try again.reconcile(liveOwners: ["a", "b"])
      #expect(report.failures.count == 1 && report.failures[0].contains("of b"))
      #expect(report.sentences == ["removed link \(b.attachment.hostInterface)"])
      #expect(try Endpoint.host.connect(a.address, 80) != nil)
      #expect(try again.attach(owner: "c", portMappings: []).addresses == ["10.88.0.4"])
      #expect(try node.records().map(\.owner) == ["a", "c"])
    }
  }
}
