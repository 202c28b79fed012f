import Logging
import Testing

@testable import Kubelet

@Suite("Facts of this host") struct NodeFactsTests {
  @Test("memory and CPUs are known, and without a controller nothing is claimed of it")
  func host() {
    let reader = NodeReader.ofThisHost(resolvConf: "/etc/resolv.conf", logger: Logger(label: "test"))
    let facts = NodeFacts.ofThisHost(name: "n", controllers: [], reader: reader)
    #expect(facts.memoryCapacity > 1 << 20 && facts.milliCPUCapacity >= 1000)
    #expect(!facts.killsWholeContainerOnOOM)
  }

  private static let routes4 = """
    Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
    docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
    eth1\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0

    """
  private static let routes6 = """
    00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003 eth1
    00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 lo

    """
  private static let devices = [
    ("lo", "127.0.0.1"), ("docker0", "172.17.0.1"), ("eth1", "192.168.1.7"), ("eth1", "fe80::1"), ("eth1", "2001:db8::7"),
  ]

  private func primary(_ devices: [(String, String)], _ routes4: String, _ routes6: String) -> [String] {
    NodeAddresses.primary(devices.map { .init(name: $0.0, address: $0.1) }, routes4: routes4, routes6: routes6)
  }

  @Test("the address is that of the default route's interface, not that of the first bridge")
  func defaultRoute() {
    #expect(primary(Self.devices, Self.routes4, Self.routes6) == ["192.168.1.7", "2001:db8::7"])
    #expect(primary(Self.devices, Self.routes4, "") == ["192.168.1.7"])
    // Those of pods are no defaults: to one network, and to one interface.
    let pods = """
      fe800000000000000000000000000000 40 00000000000000000000000000000000 00 fe800000000000000000000000000009 00000100 00000001 00000000 00000001 docker0
      00000000000000000000000000000000 08 00000000000000000000000000000000 00 fe800000000000000000000000000009 00000100 00000001 00000000 00000001 docker0

      """
    #expect(primary(Self.devices, Self.routes4, pods + Self.routes6) == ["192.168.1.7", "2001:db8::7"])
    #expect(primary(Self.devices, Self.routes4, pods) == ["192.168.1.7"])
  }

  @Test("an unnumbered uplink has the address of the loopback interface; a node without a route the first that others reach")
  func fallbacks() {
    #expect(primary([("docker0", "172.17.0.1"), ("lo", "127.0.0.1"), ("lo", "203.0.113.9")], Self.routes4, "") == ["203.0.113.9"])
    #expect(primary([("lo", "127.0.0.1"), ("a", "169.254.1.1"), ("a", "fe80::2"), ("b", "10.1.1.1")], "", "") == ["10.1.1.1"])
    #expect(primary([("lo", "127.0.0.1"), ("lo", "::1")], "", "") == [])
  }

  @Test("processors that are online", arguments: [("0-3\n", 4), ("0", 1), ("0-1,4,6-7\n", 5), ("", nil), ("3-1", nil), ("x", nil)])
  func processors(text: String, expected: Int?) { #expect(HostCapacity.count(ofList: text) == expected) }
}
