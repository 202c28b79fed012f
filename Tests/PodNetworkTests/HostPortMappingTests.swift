import Netlink
import Store
import Testing

@testable import PodNetwork

@Suite("Host ports")
struct HostPortMappingTests {
  private func port(_ text: String) throws -> HostPortMapping {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    let transport: HostPortMapping.Transport = parts[0] == "tcp" ? .tcp : parts[0] == "udp" ? .udp : .sctp
    return HostPortMapping(
      transport: transport, hostPort: try #require(UInt16(parts[1])), containerPort: 80, hostIP: parts.count > 2 ? parts[2] : "")
  }

  @Test(
    "overlap when both cannot be served",
    arguments: [
      ("tcp 80", "tcp 80", true), ("tcp 80", "tcp 81", false), ("tcp 80", "udp 80", false), ("sctp 80", "sctp 80", true),
      ("tcp 80 10.0.0.1", "tcp 80 10.0.0.2", false), ("tcp 80 10.0.0.1", "tcp 80 10.0.0.1", true),
      ("tcp 80", "tcp 80 10.0.0.1", true),
      ("tcp 80 0.0.0.0", "tcp 80 10.0.0.1", true), ("tcp 80 ::", "tcp 80 fd00::1", true),
      ("tcp 80 10.0.0.1", "tcp 80 fd00::1", false),
      ("tcp 80 fd00::1", "tcp 80 fd00:0::1", true),
    ])
  func overlap(_ left: String, _ right: String, _ expected: Bool) throws {
    #expect(try port(left).overlaps(try port(right)) == expected)
    #expect(try port(right).overlaps(try port(left)) == expected)
  }

  @Test("are keys and values of maps, each part padded to four bytes, in network order")
  func bytes() throws {
    let mapping = HostPortMapping(transport: .udp, hostPort: 0x1f90, containerPort: 0x0035)
    #expect(mapping.portKey == [17, 0, 0, 0, 0x1f, 0x90, 0, 0])
    #expect(mapping.value(try #require(IPAddress("10.88.0.2"))) == [10, 88, 0, 2, 0, 0x35, 0, 0])
    #expect(mapping.value(try #require(IPAddress("fd00::2"))).count == 20)
  }

  @Test(
    "are named as people know them",
    arguments: [("tcp 80", "80/TCP"), ("udp 53 10.0.0.1", "10.0.0.1:53/UDP"), ("sctp 9 0.0.0.0", "9/SCTP")])
  func names(_ text: String, _ expected: String) throws { #expect(try port(text).description == expected) }

  @Test("links of pods have short names that are known before and differ by bridge and owner")
  func links() throws {
    func network(_ bridge: String) throws -> BridgeNetwork {
      try BridgeNetwork(
        settings: try BridgeNetworkSettings(bridgeName: bridge, podCIDR: "10.0.0.0/24"), store: try Store(path: nil))
    }
    let (one, two) = (try network("br0"), try network("br1"))
    let names = (0..<1000).flatMap { [one.plannedLinkName(owner: "pod\($0)"), two.plannedLinkName(owner: "pod\($0)")] }
    #expect(Set(names).count == 2000)
    #expect(names.allSatisfy { $0.utf8.count == 15 && $0.hasPrefix("veth") })
    #expect(one.plannedLinkName(owner: "pod1") == (try network("br0")).plannedLinkName(owner: "pod1"))
  }
}
