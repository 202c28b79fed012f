import Netlink
import Testing

@testable import PodNetwork

@Suite("The nf_tables table of a network")
struct FirewallTests {
  private func firewall(_ cidr: String) throws -> Firewall {
    Firewall(settings: try BridgeNetworkSettings(bridgeName: "br0", podCIDR: cidr))
  }
  private func summary(_ requests: [NetlinkRequest]) -> [String] { requests.map { "\($0.operation) \($0.subject)" } }

  @Test("is replaced whole, with its host ports, in one transaction")
  func install() throws {
    let addresses = [try #require(IPAddress("10.88.0.2"))]
    let ports = [(HostPortMapping(transport: .tcp, hostPort: 8080, containerPort: 80), addresses)]
    #expect(
      summary(try firewall("10.88.0.0/24").install(ports)) == [
        // Added first: deleting a table that is not there is an error.
        "add nf_tables table swiftlet-br0", "delete nf_tables table swiftlet-br0", "add nf_tables table swiftlet-br0",
        "add nf_tables chain swiftlet-br0/prerouting", "add nf_tables chain swiftlet-br0/output",
        "add nf_tables chain swiftlet-br0/postrouting",
        // Pods do not reach the host's 127.0.0.1.
        "add nf_tables chain swiftlet-br0/guard", "add nf_tables rule swiftlet-br0/guard",
        "add nf_tables map swiftlet-br0/ports4", "add nf_tables map swiftlet-br0/addressports4",
        "add nf_tables rule swiftlet-br0/prerouting", "add nf_tables rule swiftlet-br0/prerouting",
        "add nf_tables rule swiftlet-br0/output", "add nf_tables rule swiftlet-br0/output",
        // To the world, back to itself, from 127.0.0.1.
        "add nf_tables rule swiftlet-br0/postrouting", "add nf_tables rule swiftlet-br0/postrouting",
        "add nf_tables rule swiftlet-br0/postrouting",
        "add element to swiftlet-br0/ports4",
      ])
  }

  @Test("has maps and rules of the families the network has")
  func families() throws {
    let six = summary(try firewall("fd00::/64").install([]))
    #expect(
      six.filter { $0.contains("map") } == [
        "add nf_tables map swiftlet-br0/ports6", "add nf_tables map swiftlet-br0/addressports6",
      ])
    #expect(six.filter { $0.contains("rule swiftlet-br0/postrouting") }.count == 2, "no 127.0.0.1 in IPv6")
    let both = summary(try firewall("10.88.0.0/24,fd00::/64").install([]))
    #expect(both.filter { $0.contains("map") }.count == 4)
    #expect(both.filter { $0.contains("/prerouting") }.count == 5)
  }

  @Test("leads a host port of every address, of one address, and of none of the pod's families")
  func elements() throws {
    let firewall = try firewall("10.88.0.0/24,fd00::/64")
    let addresses = [try #require(IPAddress("10.88.0.2")), try #require(IPAddress("fd00::2"))]
    func maps(_ ip: String) -> [String] {
      summary(firewall.add(HostPortMapping(transport: .udp, hostPort: 53, containerPort: 5353, hostIP: ip), addresses))
    }
    #expect(maps("") == ["add element to swiftlet-br0/ports4", "add element to swiftlet-br0/ports6"])
    #expect(maps("192.168.1.5") == ["add element to swiftlet-br0/addressports4"])
    #expect(maps("fd99::1") == ["add element to swiftlet-br0/addressports6"])
    #expect(maps("no address") == [])
    let mapping = HostPortMapping(transport: .udp, hostPort: 53, containerPort: 5353)
    #expect(
      summary(firewall.delete(mapping, addresses)) == [
        "delete element from swiftlet-br0/ports4", "delete element from swiftlet-br0/ports6",
      ])
  }

  @Test("is removed without knowing whether it is there")
  func remove() throws {
    #expect(
      summary(try firewall("10.0.0.0/8").remove()) == ["add nf_tables table swiftlet-br0", "delete nf_tables table swiftlet-br0"])
  }

  @Test("is closed by itself, once however often")
  func close() throws {
    #expect(
      summary(try firewall("10.88.0.0/24").close()) == [
        "add nf_tables chain swiftlet-br0/closed", "delete nf_tables chain swiftlet-br0/closed",
        "add nf_tables chain swiftlet-br0/closed", "add nf_tables rule swiftlet-br0/closed",
      ])
  }

  @Test(
    "does not take a host IP of a family that pods do not have",
    arguments: [
      ("10.88.0.0/24", "fd99::1", "host IP 'fd99::1' of host port 18080 leads nowhere: pods have no IPv6 addresses"),
      ("fd00::/64", "127.0.0.1", "host IP '127.0.0.1' of host port 18080 leads nowhere: pods have no IPv4 addresses"),
    ])
  func otherFamily(_ cidr: String, _ ip: String, _ sentence: String) throws {
    let ports = HostPorts(firewall: try firewall(cidr), netfilter: try NetlinkSocket.netfilter())
    let error = #expect(throws: PodNetworkError.self) {
      try ports.check([HostPortMapping(transport: .tcp, hostPort: 18080, containerPort: 80, hostIP: ip)])
    }
    #expect(error?.code == .invalidSettings)
    #expect(error?.message == sentence)
  }
}
