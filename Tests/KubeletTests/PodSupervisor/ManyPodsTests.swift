import KubeModel
import RuntimeAPI
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("The cost of a pod among many", .timeLimit(.minutes(5))) struct ManyPodsTests {
  private func pods(_ count: Int) -> [Pod] { (0..<count).map { .test(uid: "u\($0)", name: "p\($0)", grace: 0) } }

  private func listings(_ node: TestNode) -> Int {
    node.runtime.state.withLock { ($0.queries["listSandboxes"] ?? 0) + ($0.queries["list"] ?? 0) }
  }

  @Test("no pod's start, end or adoption looks through everybody's containers")
  func lists() async throws {
    try await TestNode.with { node in
      // Adoption, and the comparison when the events began: two each. A comparison that finds pods on their way asks for each of these.
      await node.eventually("compared") { listings(node) == 4 }
      await node.settle()
      node.want(pods(40))
      await node.eventually("all run") { node.kubelet.podList().items.filter { $0.status.phase == "Running" }.count == 40 }
      await node.stop()
      #expect(listings(node) == 4)
      let away = listings(node)
      node.start()
      await node.eventually("all again") { node.kubelet.podList().items.filter { $0.status.phase == "Running" }.count == 40 }
      await node.settle()
      node.want([])
      await node.eventually("gone") { node.kubelet.podList().items.isEmpty }
      #expect(listings(node) - away <= 4)
    }
  }

  @Test("a pod that can never run here is looked at once, however often others come and go")
  func verdicts() {
    var waiting = WaitingPods()
    var looks = 0
    let refusal = Admission.Refusal(reason: "NodeAffinity", message: "no")
    for _ in 0..<10 {
      let verdict = waiting.verdict(PodUID("a")) {
        looks += 1
        return refusal
      }
      #expect(verdict == refusal)
      _ = waiting.refuse(PodUID("a"), refusal)
    }
    #expect(looks == 1 && waiting.refused == [PodUID("a")])
    waiting.forget(verdictOf: PodUID("a"))
    let changed = waiting.verdict(PodUID("a")) { nil }
    #expect(changed == nil)
  }

  @Test("a pod that waits for another name waits for the old one no more")
  func renamed() {
    var waiting = WaitingPods()
    waiting.hold(PodUID("1"), name: "x")
    waiting.hold(PodUID("1"), name: "y")
    waiting.hold(PodUID("1"), name: "y")
    #expect(waiting.held("x").isEmpty && waiting.held("y") == [PodUID("1")])
  }

  @Test("pods wait for their name or for room, in the order in which they came")
  func order() {
    var waiting = WaitingPods()
    let full = Admission.Refusal(reason: "OutOfcpu", message: "full")
    waiting.hold(PodUID("1"), name: "x")
    waiting.hold(PodUID("2"), name: "x")
    #expect(waiting.held("x") == [PodUID("1"), PodUID("2")])
    let news = ["2", "3", "1", "2"].map { waiting.refuse(PodUID($0), full) }
    #expect(news == [true, true, true, false])
    #expect(waiting.held("x").isEmpty && waiting.refused == ["2", "3", "1"].map { PodUID($0) })
    let removed = [waiting.remove(PodUID("3")), waiting.remove(PodUID("3"))]
    #expect(removed == [true, false])
    #expect(waiting.refused == ["2", "1"].map { PodUID($0) })
  }
}
