import Foundation
import Glibc
import LinuxSystem
import Netlink
import Store
import Testing

@testable import PodNetwork

/// A network of one test in the test process's network namespace, taken down at the end. The runner starts the process with
/// `unshare --net`: the suites refuse to touch a namespace that has more than `lo`.
final class Node {
  let network: BridgeNetwork
  let store: Store
  let bridge: String

  /// - Parameter guards: where pods' frames are checked; empty: nowhere.
  init(
    _ bridge: String = "tb0", _ cidr: String = "10.88.0.0/24", mtu: UInt32? = nil, prepared: Int = 0,
    guards: [NFTRequests.Family] = [.bridge, .netdev]
  ) throws {
    self.bridge = bridge
    store = try Store(path: nil)
    network = try BridgeNetwork(
      settings: try BridgeNetworkSettings(bridgeName: bridge, podCIDR: cidr, mtu: mtu, prepared: prepared), store: store,
      guardFamilies: guards)
    try Node.kernel.perform(RouteRequests.setUp(index: 1, name: "lo"))
    try network.prepare()
  }

  /// Removes the network and the links of pods whose namespaces are still held.
  func close() {
    do {
      let names = (try? network.linkNames()) ?? []
      try network.removeAll()
      for name in names { try? Node.kernel.perform(RouteRequests.deleteLink(name)) }
      #expect(try !Node.links().contains { $0.name == bridge || names.contains($0.name) })
    } catch {
      Issue.record("cleaning up: \(error)")
    }
  }

  static let kernel: NetlinkSocket = {
    do { return try NetlinkSocket.route() } catch { preconditionFailure("\(error)") }
  }()

  /// Whether this process has a network namespace of its own.
  static var isIsolated: Bool {
    guard geteuid() == 0, let links = try? Node.links() else { return false }
    return !links.contains { $0.kind == "" && $0.name != "lo" }
  }

  static func links() throws -> [LinkInfo] { try kernel.dump(RouteRequests.listLinks()).compactMap(LinkInfo.init) }

  static var hasIPv6: Bool { unsafe access("/proc/sys/net/ipv6", F_OK) == 0 }

  /// Addresses in use, those of links on their way out included, as the store has them.
  func leases() throws -> Int { try records().reduce(0) { $0 + $1.addresses.count } }

  func records() throws -> [AttachmentRecord] {
    try Collection<AttachmentRecord>("network/\(bridge)", in: store).all()
  }

  /// A pod with a server on port 80 that tells who asks.
  func pod(_ owner: String, ports: [HostPortMapping] = []) throws -> Pod {
    let attachment = try network.attach(owner: owner, portMappings: ports)
    let endpoint = Endpoint(namespace: attachment.namespace)
    let servers = try attachment.addresses.map { try Endpoint.Server(endpoint, address: try #require(IPAddress($0)), port: 80) }
    return Pod(attachment: attachment, endpoint: endpoint, servers: servers)
  }

  struct Pod {
    let attachment: PodNetworkAttachment
    let endpoint: Endpoint
    let servers: [Endpoint.Server]
    var address: String { attachment.addresses[0] }
  }
}
