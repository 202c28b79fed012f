import KubeModel
import TestSupport
import Testing

@testable import Kubelet

@Suite("What does not move") struct ProgressTests {
  let start = ContinuousClock.now

  @Test("work that waits too long is a fault, with its age; idleness is none")
  func stuck() {
    let progress = Progress("the part")
    #expect(progress.fault(.seconds(120), now: start + .seconds(9999)) == nil)
    progress.began(start)
    progress.began(start + .seconds(60))
    #expect(progress.fault(.seconds(120), now: start + .seconds(100)) == nil)
    #expect(progress.fault(.seconds(120), now: start + .seconds(130)) == "the part has not moved for 130 s (2 waiting)")
    progress.ended(start + .seconds(140))
    #expect(progress.fault(.seconds(120), now: start + .seconds(150)) == nil)
    #expect(progress.fault(.seconds(120), now: start + .seconds(261)) != nil)
    progress.ended(start + .seconds(262))
    #expect(progress.fault(.seconds(120), now: start + .seconds(9999)) == nil)
  }

  @Test("a supervisor that cannot learn what an earlier agent left has work that waits", .timeLimit(.minutes(5)))
  func supervisor() async throws {
    try await TestNode.with { node in
      await node.stop()
      node.runtime.goDown()
      node.setWanted([.test()])
      node.start()
      await node.eventually("events wait") {
        node.kubelet.fault(now: .now + .seconds(200))?.contains("the pod supervisor has not moved") == true
      }
      #expect(node.kubelet.fault() == nil)
      node.runtime.comeUp()
      await node.eventually("runs", passing: 1) { node.container("app")?.ready == true }
      await node.eventually("moves") { node.kubelet.fault(now: .now + .seconds(200)) == nil }
    }
  }
}
