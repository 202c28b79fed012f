import Netlink
import Testing

@testable import PodNetwork

@Suite("Bridge network settings")
struct BridgeNetworkSettingsTests {
  @Test(
    "that are right are taken",
    arguments: [
      ("swl0", "10.88.0.0/24", ["10.88.0.0/24"], ["10.88.0.1"]), ("a", "10.88.0.77/30", ["10.88.0.76/30"], ["10.88.0.77"]),
      ("abcdefghijklmno", "fd00:88::/64", ["fd00:88::/64"], ["fd00:88::1"]),
      ("br-0_X", "10.0.0.0/8, fd00::/120", ["10.0.0.0/8", "fd00::/120"], ["10.0.0.1", "fd00::1"]),
      ("br", "fd00::/120,10.0.0.0/8", ["fd00::/120", "10.0.0.0/8"], ["fd00::1", "10.0.0.1"]),
    ])
  func valid(_ name: String, _ cidr: String, _ networks: [String], _ gateways: [String]) throws {
    let settings = try BridgeNetworkSettings(bridgeName: name, podCIDR: cidr, mtu: 1400)
    #expect(settings.networks.map(\.description) == networks)
    #expect(settings.networks.map { settings.gateway($0).description } == gateways)
    #expect(settings.tableName == "swiftlet-" + name)
    #expect(settings.podCIDR == cidr)
  }

  @Test(
    "that are wrong are refused with a sentence that names them",
    arguments: [
      ("", "10.0.0.0/24", "bridge name ''"), ("abcdefghijklmnop", "10.0.0.0/24", "abcdefghijklmnop"),
      ("br 0", "10.0.0.0/24", "br 0"),
      ("br/0", "10.0.0.0/24", "br/0"), ("br.0", "10.0.0.0/24", "br.0"), ("bré", "10.0.0.0/24", "bré"), ("b", "", "empty"),
      ("b", ",", "empty"),
      ("b", "10.0.0.0", "'10.0.0.0'"), ("b", "10.0.0.0/31", "too small"), ("b", "10.0.0.0/33", "'10.0.0.0/33'"),
      ("b", "fd00::/127", "too small"),
      ("b", "10.0.0.0/24,10.1.0.0/24", "two networks of one family"), ("b", "fd00::/64,fd01::/64", "two networks of one family"),
      ("b", "10.0.0.0/24,x", "'x'"),
    ])
  func invalid(_ name: String, _ cidr: String, _ part: String) {
    let error = #expect(throws: PodNetworkError.self) { try BridgeNetworkSettings(bridgeName: name, podCIDR: cidr) }
    #expect(error?.code == .invalidSettings)
    #expect(error?.message.contains(part) == true, "\(String(describing: error))")
  }

  @Test("the bridge's address is locally administered, no group's, and the same at every start")
  func address() throws {
    let first = try BridgeNetworkSettings(bridgeName: "swl0", podCIDR: "10.0.0.0/24").bridgeAddress
    #expect(first.count == 6 && first[0] & 3 == 2)
    #expect(try BridgeNetworkSettings(bridgeName: "swl0", podCIDR: "10.9.0.0/24").bridgeAddress == first)
    #expect(try BridgeNetworkSettings(bridgeName: "swl1", podCIDR: "10.0.0.0/24").bridgeAddress != first)
  }
}
