import KubeModel
import RuntimeAPI
import Store
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("Taking over what an earlier agent left", .timeLimit(.minutes(5))) struct TakeOverTests {
  private func forget(_ node: TestNode, _ uid: String = "u1") async throws {
    try await node.store.write { transaction in
      for kind in ["kubelet-pod", "kubelet-pod-facts"] { try Documents(kind, in: node.store).remove(uid, in: transaction) }
    }
  }

  @Test("a pod without its record that crashed meanwhile is restarted as its manifest says")
  func crashed() async throws {
    try await TestNode.with([.test()]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      await node.stop()
      try await forget(node)
      node.runtime.exit("app", code: 1)
      node.start()
      await node.eventually("again", passing: 10) { node.runtime.running("app")?.metadata.attempt == 1 }
      #expect(node.pod()?.status.phase == "Running")
      #expect(node.runtime.calls.filter { $0.hasPrefix("runSandbox") }.count == 1)
    }
  }

  @Test("a pod without its record that waited for an image goes on waiting, and starts")
  func waiting() async throws {
    try await TestNode.with([.test([.test("app", image: "late")])]) { node in
      await node.eventually("waits") { node.container("app")?.state?.waiting != nil && !node.runtime.sandboxConfigs.isEmpty }
      await node.stop()
      try await forget(node)
      node.runtime.addImage("late")
      node.start()
      await node.eventually("runs", passing: 10) { node.runtime.running("app") != nil }
    }
  }

  @Test("a deadline that was taken back while no agent ran ends nothing")
  func deadline() async throws {
    try await TestNode.with([.test(deadline: 100)]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      await node.stop()
      node.setWanted([.test()])
      await node.pass(seconds: 200)
      node.start()
      await node.eventually("ready again") { node.container("app")?.ready == true }
      await node.settle()
      #expect(node.pod()?.status.phase == "Running" && node.runtime.running("app")?.metadata.attempt == 0)
    }
  }

  @Test("a pod can be removed while the creation of its container hangs")
  func hangingCreate() async throws {
    try await TestNode.with([]) { node in
      node.runtime.state.withLock { _ = $0.troubles.deaf.insert("create") }
      node.runtime.hold("create")
      node.want([.test()])
      await node.eventually("hangs") { node.runtime.waiting("create") == 1 }
      node.want([])
      await node.eventually("gone") { node.kubelet.podList().items.isEmpty }
      node.runtime.release("create")
    }
  }
}
