import KubeModel
import RuntimeAPI
@testable import Store
import TestSupport
import Testing

@testable import Kubelet

@Suite("What admission gave out, over restarts", .timeLimit(.minutes(5))) struct AllocationCheckpointTests {
  private func pod(_ uid: String, cpu: Quantity) -> Pod {
    var container = Container.test(uid)
    container.resources = ResourceRequirements(requests: ["cpu": cpu])
    return .test(uid: uid, name: uid, [container])
  }

  @Test("a pod's record is on the disk before anything of it runs")
  func recordFirst() async throws {
    try await TestNode.with { node in
      node.runtime.hold("runSandbox")
      node.want([pod("a", cpu: 3)])
      await node.eventually("about to run") { node.runtime.waiting("runSandbox") == 1 }
      let rows = try await node.store.read { try Documents("kubelet-pod", in: node.store).all(in: $0) }
      #expect(rows.map(\.id) == ["a"])
      node.runtime.release("runSandbox")
    }
  }

  @Test("a pod whose record cannot be written does not run, until it can")
  func noRecord() async throws {
    try await TestNode.with { node in
      try await node.store.write { transaction in
        try transaction.connection.execute(
          "CREATE TRIGGER full BEFORE INSERT ON document WHEN NEW.kind = 'kubelet-pod' BEGIN SELECT RAISE(ABORT, 'full'); END")
      }
      node.want([pod("a", cpu: 3)])
      await node.eventually("known") { node.pod("a") != nil }
      await node.settle()
      #expect(!node.runtime.calls.contains { $0.hasPrefix("runSandbox") })
      try await node.store.write { try $0.connection.execute("DROP TRIGGER full") }
      await node.eventually("runs", passing: 1) { node.container("a", uid: "a")?.ready == true }
    }
  }

  @Test("a pod whose state cannot be read yet has its share of the node, and its name")
  func unread() async throws {
    try await TestNode.with([pod("z", cpu: 3)]) { node in
      await node.eventually("z") { node.container("z", uid: "z")?.ready == true }
      await node.stop()
      node.runtime.failNext("status", RuntimeError(.internalError, "not now"))
      // It sorts first and does not fit beside the one that runs.
      node.setWanted([pod("a", cpu: 3), pod("z", cpu: 3)])
      node.start()
      await node.eventually("refused") { node.pod("a")?.status.reason == "OutOfcpu" }
      await node.eventually("z again", passing: 1) { node.container("z", uid: "z")?.ready == true }
      #expect(node.pod("a")?.status.reason == "OutOfcpu")
      #expect(node.runtime.calls.filter { $0 == "start z" }.count == 1)
    }
  }

  @Test("running pods are kept on a node that became smaller; nothing comes beside them")
  func smaller() async throws {
    var small = TestNode.facts
    small.milliCPUCapacity = 1000
    try await TestNode.with([pod("z", cpu: 3)]) { node in
      await node.eventually("z") { node.container("z", uid: "z")?.ready == true }
      await node.stop()
      node.setWanted([pod("a", cpu: 1), pod("z", cpu: 3)])
      node.start(small)
      await node.eventually("z kept") { node.container("z", uid: "z")?.ready == true }
      await node.eventually("a refused") { node.pod("a")?.status.reason == "OutOfcpu" }
    }
  }

  @Test("what is released is exactly what was taken, whatever the sum was clipped at")
  func exact() {
    var allocations = NodeAllocations()
    let huge = Quantity("8Ei")!
    allocations.reserve(pod("a", cpu: huge))
    allocations.reserve(pod("b", cpu: huge))
    allocations.reserve(pod("c", cpu: 2))
    allocations.release(PodUID("a"))
    allocations.release(PodUID("b"))
    #expect(allocations.used("cpu") == 2)
  }
}
