import Netlink
import Testing

@testable import PodNetwork

extension KernelTests {
  @Suite("A host whose firewall drops what it does not know", .serialized)
  struct ForwardPolicyTests {
    /// As Docker's `iptables -P FORWARD DROP` makes it.
    private static let table = NFTRequests(table: "filter", family: .ipv4)

    private func close(_ netfilter: NetlinkSocket) throws {
      try netfilter.transaction([
        Self.table.addTable(), Self.table.addFilterChain("FORWARD", hook: .forward, priority: 0, drops: true),
      ])
    }

    @Test("lets pods out and host ports in, nothing else, and has its chain back at the end")
    func policy() throws {
      let netfilter = try NetlinkSocket.netfilter()
      try close(netfilter)
      defer { try? netfilter.transaction([Self.table.deleteTable()]) }
      let node = try Node()
      defer { node.close() }
      let outside = try Outside()
      defer { outside.remove() }
      let pod = try node.pod("a", ports: [HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80)])
      #expect(try pod.endpoint.connect(outside.address, 80) == outside.hostAddress)
      #expect(try outside.endpoint.connect(outside.hostAddress, 8080) == outside.address)
      // A machine that has a route to the pods' network: closed as before.
      try outside.addRoute()
      #expect(try outside.endpoint.connect(pod.address, 80, within: 1) == nil)
      let rules = { try netfilter.dump(Self.table.listRules("FORWARD")).compactMap(NFTRule.init) }
      #expect(try rules().count == 2)
      try node.network.prepare()
      #expect(try rules().count == 2, "once")
      try node.network.removeAll()
      #expect(try rules().isEmpty)
      try node.network.prepare()
    }

    @Test("that came after the agent is noticed when somebody asks how the network is")
    func later() throws {
      let netfilter = try NetlinkSocket.netfilter()
      let node = try Node()
      defer { node.close() }
      let outside = try Outside()
      defer { outside.remove() }
      let pod = try node.pod("a")
      try outside.addRoute()
      #expect(try outside.endpoint.connect(pod.address, 80) != nil, "a host that forwards everything")
      try close(netfilter)
      defer { try? netfilter.transaction([Self.table.deleteTable()]) }
      #expect(try pod.endpoint.connect(outside.address, 80, within: 1) == nil)
      // Something in our table of which the records do not know: pods come and go while somebody asks, so nothing is replaced.
      let own = NFTRequests(table: node.network.settings.tableName)
      try netfilter.transaction([own.addChain("meanwhile")])
      for _ in 0..<2 {
        try node.network.check()
        #expect(try netfilter.dump(NFTChain.list()).compactMap(NFTChain.init).contains { $0.name == "meanwhile" })
        #expect(try pod.endpoint.connect(outside.address, 80) == outside.hostAddress)
        #expect(try outside.endpoint.connect(pod.address, 80, within: 1) == nil)
        // Rebuilt, as by a restart of its owner.
        try netfilter.transaction([Self.table.deleteTable()])
        try close(netfilter)
      }
      try node.network.check()
      #expect(try netfilter.dump(own.listRules("closed")).count == 1, "once")
    }
  }
}
