import KubeModel
import LinuxSystem
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("A node that changes", .timeLimit(.minutes(5))) struct NodeStateTests {
  /// A host whose facts the test sets.
  private final class Host: Sendable {
    let facts = Mutex(TestNode.facts)
    private let bell = AsyncStream.makeStream(of: Void.self)

    var reader: NodeReader {
      NodeReader(
        host: { facts in
          self.facts.withLock { (facts.hostIPs, facts.milliCPUCapacity) = ($0.hostIPs, $0.milliCPUCapacity) }
        },
        files: { facts in facts.resolvConf = self.facts.withLock { $0.resolvConf } },
        changes: { self.bell.stream })
    }
    func set(_ change: (inout NodeFacts) -> Void) { facts.withLock { change(&$0) } }
    func ring() { bell.continuation.yield() }
  }

  @Test("a new address is in the status of a pod that runs")
  func address() async throws {
    let host = Host()
    try await TestNode.with([.test()], reader: host.reader) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      #expect(node.pod()?.status.hostIP == "192.0.2.1")
      host.set { $0.hostIPs = ["192.0.2.99"] }
      host.ring()
      await node.eventually("new address", passing: 1) { node.pod()?.status.hostIP == "192.0.2.99" }
    }
  }

  @Test("without news everything is looked at with the slow look at the runtime")
  func slowLook() async throws {
    let host = Host()
    try await TestNode.with([.test()], reader: host.reader) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      host.set { $0.hostIPs = ["192.0.2.98"] }
      await node.settle()
      #expect(node.pod()?.status.hostIP == "192.0.2.1")
      await node.eventually("new address", passing: 30) { node.pod()?.status.hostIP == "192.0.2.98" }
    }
  }

  @Test("a pod that starts has the resolv.conf of now")
  func resolvConf() async throws {
    let host = Host()
    host.set { $0.resolvConf = "nameserver 192.0.2.53\n" }
    try await TestNode.with([.test(uid: "a", name: "a")], reader: host.reader) { node in
      await node.eventually("a") { node.container("app", uid: "a")?.ready == true }
      host.set { $0.resolvConf = "nameserver 192.0.2.54\n" }
      node.want([.test(uid: "a", name: "a"), .test(uid: "b", name: "b")])
      await node.eventually("b") { node.container("app", uid: "b")?.ready == true }
      let servers = node.runtime.sandboxConfigs.values.sorted { $0.metadata.name < $1.metadata.name }.map { $0.dns?.servers }
      #expect(servers == [["192.0.2.53"], ["192.0.2.54"]])
    }
  }

  @Test("a processor that comes online lets a refused pod start")
  func capacity() async throws {
    let host = Host()
    var big = Container.test("app")
    big.resources = ResourceRequirements(requests: ["cpu": 6])
    try await TestNode.with([.test([big])], reader: host.reader) { node in
      await node.eventually("refused") { node.pod()?.status.reason == "OutOfcpu" }
      host.set { $0.milliCPUCapacity = 8000 }
      host.ring()
      await node.eventually("runs", passing: 1) { node.container("app")?.ready == true }
    }
  }

  @Test("a reading of the files gives back nothing that was read of the host meanwhile, and an old reading nothing that is newer")
  func overlapping() async {
    let gates = (Gate(), Gate())
    let text = Mutex("old")
    let reader = NodeReader(
      host: { $0.hostIPs = ["192.0.2.99"] },
      files: { facts in
        let seen = text.withLock { $0 }
        if seen == "old" {
          gates.0.open()
          gates.1.wait()
        }
        facts.resolvConf = seen
      })
    let state = NodeState(TestNode.facts, reader: reader)
    async let slow = state.withFiles()
    await gates.0.waitBeside()
    text.withLock { $0 = "new" }
    let changed = await state.refresh()
    #expect(changed)
    gates.1.open()
    let late = await slow
    #expect(late.hostIPs == ["192.0.2.99"] && late.resolvConf == "new")
    #expect(state.facts.hostIPs == ["192.0.2.99"] && state.facts.resolvConf == "new")
  }

  /// Opened once; those who wait block their thread.
  private final class Gate: Sendable {
    private let isOpen = Monitored(false)
    func open() { isOpen.broadcast { $0 = true } }
    func wait() { _ = isOpen.wait { $0 ? true : nil } }
    func waitBeside() async { await runBlocking { () throws(Never) in self.wait() } }
  }
}
