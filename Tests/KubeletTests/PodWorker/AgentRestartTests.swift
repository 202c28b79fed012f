import KubeModel
import RuntimeAPI
import Store
import Synchronization
import Testing
import TestSupport

@testable import Kubelet

@Suite("Static pods across edits, deletions and agent restarts", .timeLimit(.minutes(5)))
struct AgentRestartTests {
  @Test("a restarted agent takes over running containers without touching them")
  func adopts() async throws {
    try await TestNode.with([.test()]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      let calls = node.runtime.calls
      await node.stop()
      node.start()
      await node.eventually("ready again") { node.container("app")?.ready == true }
      await node.settle()
      #expect(node.runtime.calls == calls)
      node.runtime.exit("app", code: 1)
      await node.eventually("restarted") { node.runtime.running("app")?.metadata.attempt == 1 }
    }
  }

  @Test("exits that happened without the agent are seen, and back-off goes on")
  func exitWhileAway() async throws {
    try await TestNode.with([.test()]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      node.runtime.exit("app", code: 1)
      await node.eventually("restarted") { node.container("app")?.restartCount == 1 && node.container("app")?.ready == true }
      await node.stop()
      node.runtime.exit("app", code: 1)
      node.start()
      await node.eventually("back-off") { node.container("app")?.state?.waiting?.reason == "CrashLoopBackOff" }
    }
  }

  @Test("a pod whose manifest went while the agent was away is ended with its hooks and grace")
  func leftover() async throws {
    let stop = Lifecycle(preStop: LifecycleHandler(exec: ExecAction(command: ["bye"])))
    try await TestNode.with([.test([.test("app", lifecycle: stop)], grace: 7)]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      await node.stop()
      node.want([])
      node.start()
      await node.eventually("gone") { node.runtime.state.withLock { $0.sandboxes.isEmpty } && node.kubelet.podList().items.isEmpty }
      #expect(node.runtime.calls.contains("exec bye"))
      #expect(node.runtime.state.withLock { $0.stopTimeouts["app"] } == 7)
    }
  }

  @Test("new content of a manifest replaces the pod strictly after the old one is gone")
  func edit() async throws {
    try await TestNode.with([.test(uid: "u1")]) { node in
      await node.eventually("old") { node.container("app")?.ready == true }
      node.want([.test(uid: "u2")])
      await node.eventually("new") { node.container("app", uid: "u2")?.ready == true }
      let calls = node.runtime.calls
      let removed = calls.lastIndex { $0.hasPrefix("removeSandbox") }
      let started = calls.lastIndex { $0.hasPrefix("runSandbox") }
      #expect(removed != nil && started != nil && removed! < started!)
      #expect(node.pod("u1") == nil)
    }
  }

  enum Step: String, CaseIterable, Sendable { case edit, delete, add, restart, crash }

  static let pairs: [[Step]] = Step.allCases.flatMap { first in Step.allCases.map { [first, $0] } }

  @Test("any two of edit, delete, add, restart and crash in a row end with what is wanted", arguments: pairs)
  func anyPair(steps: [Step]) async throws {
    try await TestNode.with([.test(uid: "u1")]) { node in
      await node.eventually("first") { node.container("app")?.ready == true }
      var wanted: String? = "u1"
      var version = 1
      var crashed: ContainerID?
      for step in steps {
        switch step {
        case .edit:
          version += 1
          wanted = "u\(version)"
          node.want([.test(uid: wanted!)])
        case .delete:
          wanted = nil
          node.want([])
        case .add:
          wanted = "u1"
          node.want([.test(uid: "u1")])
        case .restart:
          await node.stop()
          node.start()
        case .crash:
          // Of what is wanted: a container that does not run yet cannot crash.
          if let wanted {
            await node.eventually("\(wanted) runs") {
              node.runtime.running("app") != nil && node.container("app", uid: wanted)?.state?.running != nil
            }
            crashed = node.runtime.running("app")?.id
            node.runtime.exit("app", code: 1)
            #expect(node.runtime.running("app")?.id != crashed)
          }
        }
      }
      await node.settle()
      #expect((crashed != nil) == steps.indices.contains { steps[$0] == .crash && ($0 == 0 || steps[0] != .delete) })
      if let wanted {
        await node.eventually("\(wanted) is ready", passing: 1) {
          node.container("app", uid: wanted)?.ready == true && node.kubelet.podList().items.count == 1
        }
        #expect(node.runtime.running("app") != nil && node.runtime.running("app")?.id != crashed)
        #expect(node.runtime.state.withLock { $0.sandboxes.values.filter { $0.state == .ready }.count } == 1)
      } else {
        await node.eventually("nothing is left", passing: 1) {
          node.kubelet.podList().items.isEmpty && node.runtime.state.withLock { $0.sandboxes.isEmpty && $0.containers.isEmpty }
        }
      }
    }
  }

  @Test("stopping all pods waits until nothing is left")
  func stopAll() async throws {
    try await TestNode.with([.test(uid: "u1", name: "a"), .test(uid: "u2", name: "b")]) { node in
      await node.eventually("both") { node.container("app")?.ready == true && node.container("app", uid: "u2")?.ready == true }
      await node.kubelet.stopAllPods()
      #expect(node.runtime.state.withLock { $0.sandboxes.isEmpty && $0.containers.isEmpty })
    }
  }
}
