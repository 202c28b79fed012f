import KubeModel
import NIOCore
import RuntimeAPI
import Store
import Synchronization
import Testing
import TestSupport

@testable import Kubelet

@Suite("A pod's life", .timeLimit(.minutes(5)))
struct PodLifeTests {
  @Test("starts init containers one after another, then the app containers in order")
  func order() async throws {
    let pod = Pod.test([.test("a"), .test("b")], initial: [.test("i1"), .test("i2")])
    try await TestNode.with([pod]) { node in
      await node.eventually("i1 runs") { node.runtime.running("i1") != nil }
      await node.eventually("pending") {
        node.pod()?.status.phase == "Pending" && node.container("a")?.state?.waiting?.reason == "PodInitializing"
      }
      #expect(node.runtime.container("i2") == nil)
      node.runtime.exit("i1", code: 0)
      await node.eventually("i2 runs") { node.runtime.running("i2") != nil }
      node.runtime.exit("i2", code: 0)
      await node.eventually("ready") { node.pod()?.status.conditions?.first { $0.type == "Ready" }?.status == "True" }
      #expect(node.runtime.calls.filter { $0.hasPrefix("start ") } == ["start i1", "start i2", "start a", "start b"])
      #expect(node.pod()?.status.phase == "Running")
      #expect(node.pod()?.status.podIP?.isEmpty == false)
    }
  }

  @Test("of the node's network is probed where the node is, also on a node without an address")
  func hostNetworkProbe() async throws {
    let server = try await ProbeServers.silent()
    let port = try #require(server.localAddress?.port)
    var pod = Pod.test([.test("app", readiness: Probe(periodSeconds: 1, tcpSocket: TCPSocketAction(port: .int(Int32(port)))))])
    pod.spec.hostNetwork = true
    var facts = TestNode.facts
    facts.hostIPs = []
    try await TestNode.with([pod], facts: facts) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
    }
    try await server.close()
  }

  @Test("asks for an image once for each start")
  func oneImageEach() async throws {
    try await TestNode.with([.test()]) { node in
      func pulled() throws -> Int64 {
        try node.kubelet.events.list().filter { $0.reason == "Pulled" }.map { Int64($0.count) }.reduce(0, +)
      }
      await node.eventually("runs") { node.container("app")?.state?.running != nil }
      await node.settle()
      let first = try pulled()
      #expect(first == 1)
      node.runtime.exit("app", code: 1)
      await node.eventually("restart") { node.container("app")?.restartCount == 1 && node.container("app")?.state?.running != nil }
      await node.settle()
      let second = try pulled()
      #expect(second == 2)
    }
  }

  @Test("restarts a crashed container at once, then after 10 s, then 20 s")
  func backoff() async throws {
    try await TestNode.with([.test()]) { node in
      await node.eventually("runs") { node.runtime.running("app") != nil && node.container("app")?.state?.running != nil }
      node.runtime.exit("app", code: 1)
      await node.eventually("first restart") {
        node.runtime.running("app")?.metadata.attempt == 1 && node.container("app")?.restartCount == 1
      }
      node.runtime.exit("app", code: 1)
      await node.eventually("back-off") { node.container("app")?.state?.waiting?.reason == "CrashLoopBackOff" }
      #expect(node.container("app")?.state?.waiting?.message?.hasPrefix("back-off 10s restarting failed container=app") == true)
      #expect(node.pod()?.status.phase == "Running")
      await node.pass(seconds: 9)
      #expect(node.runtime.running("app") == nil)
      await node.eventually("second restart", passing: 1) {
        node.runtime.running("app")?.metadata.attempt == 2 && node.container("app")?.restartCount == 2
      }
      node.runtime.exit("app", code: 1)
      await node.eventually("longer back-off") {
        node.container("app")?.state?.waiting?.message?.hasPrefix("back-off 20s") == true
      }
      #expect(node.container("app")?.lastState?.terminated?.exitCode == 1)
    }
  }

  @Test(
    "ends in the phase its exit codes and policy give",
    arguments: [
      ("Never", Int32(0), "Succeeded"), ("Never", 3, "Failed"), ("OnFailure", 0, "Succeeded"),
    ])
  func phases(policy: String, code: Int32, phase: String) async throws {
    try await TestNode.with([.test(restart: policy)]) { node in
      await node.eventually("runs") { node.runtime.running("app") != nil }
      node.runtime.exit("app", code: code)
      await node.eventually("terminal") { node.pod()?.status.phase == phase }
      await node.eventually("sandbox stopped") { node.runtime.calls.contains { $0.hasPrefix("stopSandbox") } }
      await node.settle()
      #expect(node.runtime.container("app")?.metadata.attempt == 0)
      #expect(node.runtime.calls.filter { $0.hasPrefix("runSandbox") }.count == 1)
    }
  }

  @Test("a sandbox that dies is made again with the next attempt, and its init containers run again")
  func sandboxDies() async throws {
    try await TestNode.with([.test(initial: [.test("i")])]) { node in
      await node.eventually("i") { node.runtime.running("i") != nil }
      node.runtime.exit("i", code: 0)
      await node.eventually("app") { node.runtime.running("app") != nil && node.container("app")?.ready == true }
      node.runtime.killSandbox()
      await node.eventually("i again") { node.runtime.running("i")?.metadata.attempt == 1 }
      node.runtime.exit("i", code: 0)
      await node.eventually("app again") { node.runtime.running("app")?.metadata.attempt == 1 }
      #expect(node.runtime.calls.contains("runSandbox web-node1/1"))
    }
  }

  @Test("a sidecar starts before the next init container, is restarted, and stops last")
  func sidecars() async throws {
    let pod = Pod.test(initial: [.test("s1", restart: "Always"), .test("s2", restart: "Always"), .test("i")], restart: "Never")
    try await TestNode.with([pod]) { node in
      await node.eventually("i") { node.runtime.running("i") != nil }
      #expect(node.runtime.running("s1") != nil && node.runtime.running("s2") != nil)
      node.runtime.exit("s1", code: 1)
      await node.eventually("s1 again") { node.runtime.running("s1")?.metadata.attempt == 1 }
      node.runtime.exit("i", code: 0)
      await node.eventually("app") { node.runtime.running("app") != nil && node.container("app")?.ready == true }
      node.runtime.exit("app", code: 0)
      await node.eventually("done") { node.pod()?.status.phase == "Succeeded" }
      #expect(node.runtime.calls.filter { $0.hasPrefix("stop ") } == ["stop s2", "stop s1"])
    }
  }

  @Test("is failed when its active deadline passes")
  func deadline() async throws {
    try await TestNode.with([.test(deadline: 60)]) { node in
      await node.eventually("runs") { node.container("app")?.ready == true }
      await node.pass(seconds: 59)
      #expect(node.pod()?.status.phase == "Running")
      await node.eventually("failed", passing: 1) { node.pod()?.status.phase == "Failed" }
      #expect(node.pod()?.status.reason == "DeadlineExceeded")
    }
  }

  @Test("is failed when its active deadline passes while the creation of a container hangs")
  func deadlineOfHanging() async throws {
    try await TestNode.with([]) { node in
      node.runtime.state.withLock { _ = $0.troubles.deaf.insert("create") }
      node.runtime.hold("create")
      node.want([.test(deadline: 60)])
      await node.eventually("hangs") { node.runtime.waiting("create") == 1 }
      await node.eventually("failed", passing: 1) { node.pod()?.status.phase == "Failed" }
      #expect(node.pod()?.status.reason == "DeadlineExceeded")
      node.runtime.release("create")
    }
  }

  @Test("that is over before the answer to its start comes lets the start end")
  func overBeforeTheAnswer() async throws {
    try await TestNode.with([]) { node in
      node.runtime.hold("start", .after)
      node.want([.test(restart: "Never")])
      await node.eventually("runs") { node.runtime.waiting("start", .after) == 1 }
      node.runtime.exit("app", code: 0)
      await node.settle()
      #expect(!node.runtime.calls.contains { $0.hasPrefix("stopSandbox") })
      node.runtime.release("start", .after)
      await node.eventually("succeeds") { node.pod()?.status.phase == "Succeeded" }
      #expect(!node.told("Failed", ""))
    }
  }

  @Test("waits for an image that is not here and starts as soon as it is")
  func image() async throws {
    try await TestNode.with([.test([.test("app", image: "later:1")])]) { node in
      await node.eventually("fails") { node.container("app")?.state?.waiting?.reason == "ErrImagePull" }
      await node.eventually("waits", passing: 1) { node.container("app")?.state?.waiting?.reason == "ImagePullBackOff" }
      node.runtime.addImage("later:1")
      node.kubelet.imagesChanged()
      await node.eventually("runs") { node.runtime.running("app") != nil }
    }
  }

  @Test("stops app containers with the grace period and leaves nothing behind when its manifest goes")
  func deletion() async throws {
    let stop = Lifecycle(preStop: LifecycleHandler(exec: ExecAction(command: ["bye"])))
    try await TestNode.with([.test([.test("app", lifecycle: stop)], grace: 20)]) { node in
      await node.eventually("runs") { node.container("app")?.ready == true }
      node.want([])
      await node.eventually("gone") { node.kubelet.podList().items.isEmpty }
      #expect(node.runtime.calls.contains("exec bye"))
      #expect(node.runtime.state.withLock { $0.stopTimeouts["app"] } == 20)
      #expect(node.runtime.state.withLock { $0.sandboxes.isEmpty && $0.containers.isEmpty })
    }
  }

  @Test("liveness failures restart the container with the probe's own grace")
  func liveness() async throws {
    let probe = Probe(
      exec: ExecAction(command: ["check"]), failureThreshold: 1, periodSeconds: 1, terminationGracePeriodSeconds: 5,
      timeoutSeconds: 1)
    try await TestNode.with([.test([.test("app", liveness: probe)])]) { node in
      await node.eventually("probed") { node.runtime.calls.contains("exec check") }
      node.runtime.state.withLock { $0.execResults["check"] = 1 }
      // At rest each time: what is left of a grace period is counted when the stop is sent.
      for _ in 0..<10 where node.runtime.state.withLock({ $0.stopTimeouts["app"] == nil }) { await node.pass(seconds: 1) }
      await node.eventually("restarted", passing: 1) { (node.runtime.container("app")?.metadata.attempt ?? 0) > 0 }
      #expect(node.runtime.state.withLock { $0.stopTimeouts["app"] } == 5)
    }
  }

  @Test("a probe that is written otherwise begins anew, while its container runs on")
  func otherProbe() async throws {
    func pod(_ command: String) -> Pod {
      .test([.test("app", liveness: Probe(exec: ExecAction(command: [command]), periodSeconds: 1))])
    }
    try await TestNode.with([pod("old")]) { node in
      await node.eventually("probed") { node.runtime.calls.contains("exec old") }
      node.want([pod("new")])
      await node.eventually("probed as it is now") { node.runtime.calls.contains("exec new") }
      await node.settle()
      let before = node.runtime.calls.count { $0 == "exec old" }
      await node.pass(seconds: 5)
      #expect(node.runtime.calls.count { $0 == "exec old" } == before && node.runtime.container("app")?.metadata.attempt == 0)
    }
  }

  @Test("a failing postStart hook stops the container, which is restarted by its policy")
  func postStart() async throws {
    let hook = Lifecycle(postStart: LifecycleHandler(exec: ExecAction(command: ["hello"])))
    try await TestNode.with([]) { node in
      node.runtime.state.withLock { $0.execResults["hello"] = 1 }
      node.want([.test([.test("app", lifecycle: hook)])])
      await node.eventually("stopped") { node.runtime.calls.contains("stop app") }
      node.runtime.state.withLock { $0.execResults["hello"] = 0 }
      await node.eventually("ready", passing: 1) { node.container("app")?.ready == true }
    }
  }

  @Test("a failed step is tried again, and its event is written once")
  func retries() async throws {
    try await TestNode.with([]) { node in
      for _ in 0..<3 { node.runtime.failNext("runSandbox", RuntimeError(.internalError, "no address left")) }
      node.want([.test()])
      await node.eventually("runs", passing: 1) { node.runtime.running("app") != nil }
      let failures = try node.kubelet.events.list().filter { $0.reason == "FailedCreatePodSandBox" }
      #expect(failures.count == 1 && failures[0].count == 1)
    }
  }
}
