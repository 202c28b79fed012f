import Netlink
import Synchronization
import Testing

@testable import PodNetwork

@Suite("The checks of what pods send")
struct AntiSpoofingTests {
  /// A kernel that answers with errno, one for each transaction that replaces a table.
  private final class Kernel: Sendable {
    let answers = Mutex<[CInt]>([])
    let requests = Mutex<[String]>([])
    func transact(_ list: [NetlinkRequest]) throws(NetlinkError) {
      requests.withLock { $0 += list.map { "\($0.operation) \($0.subject)" } }
      guard list.count > 3 else { return }
      let answer = answers.withLock { $0.isEmpty ? 0 : $0.removeFirst() }
      if answer != 0 { throw NetlinkError(operation: "add", subject: "table", code: answer) }
    }
  }

  private let record = AttachmentRecord(
    owner: "a", addresses: ["10.88.0.2"], link: "vetha", ports: [], hardwareAddress: "0a:58:0a:58:00:02")

  private func checks(_ kernel: Kernel) throws -> AntiSpoofing {
    AntiSpoofing(
      try BridgeNetworkSettings(bridgeName: "br0", podCIDR: "10.88.0.0/24"), try NetlinkSocket.netfilter(),
      families: [.bridge, .netdev], transact: { list throws(NetlinkError) in try kernel.transact(list) })
  }

  @Test("go on in the family they are in when they cannot be installed again")
  func failure() throws {
    let kernel = Kernel()
    let checks = try checks(kernel)
    try checks.install([])
    #expect(checks.note == nil)
    kernel.answers.withLock { $0 = [12] }
    #expect(throws: NetlinkError.self) { try checks.install([]) }
    #expect(checks.note == nil)
    kernel.requests.withLock { $0 = [] }
    try checks.admit(record)
    #expect(kernel.requests.withLock { $0.count } == 2, "port and address")
  }

  @Test("speak of the kernel only when it was the kernel that has no such family")
  func note() throws {
    let kernel = Kernel()
    let checks = try checks(kernel)
    kernel.answers.withLock { $0 = [12] }
    #expect(throws: NetlinkError.self) { try checks.install([]) }
    #expect(checks.note == "the nf_tables table that checks what pods send is not installed")
    kernel.answers.withLock { $0 = [95, 95] }
    try checks.install([])
    #expect(checks.note == "this kernel has no nf_tables for bridges or devices: what pods send is not checked")
    kernel.answers.withLock { $0 = [95, 0] }
    try checks.install([])
    #expect(checks.note == "this kernel has no nf_tables for bridges: what pods send is checked at each device")
  }
}
