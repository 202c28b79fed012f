import KubeModel
import RuntimeAPI
import Store
import Synchronization
import TestSupport
import Testing

@testable import Kubelet

@Suite("Pods over an unkind runtime", .timeLimit(.minutes(5))) struct UnkindRuntimeTests {
  @Test("an exit nobody told of is found by the next look at everything")
  func lostExit() async throws {
    try await TestNode.with([.test()]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      // A look that is still under way would find it.
      await node.settle()
      node.runtime.state.withLock { $0.troubles.delivery = .lost }
      node.runtime.exit("app", code: 1)
      await node.settle()
      #expect(node.runtime.running("app") == nil)
      await node.eventually("restarted", passing: 30) { node.runtime.running("app")?.metadata.attempt == 1 }
    }
  }

  @Test("pods are taken over when the runtime answers at last, and nothing is started before")
  func lateAdoption() async throws {
    try await TestNode.with([.test()]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      let calls = node.runtime.calls
      await node.stop()
      node.runtime.goDown()
      node.start()
      await node.pass(seconds: 1)
      node.runtime.comeUp()
      await node.eventually("ready again", passing: 1) { node.container("app")?.ready == true }
      #expect(node.runtime.calls == calls)
    }
  }

  @Test("a pod ends at once though an image is being pulled")
  func pull() async throws {
    try await TestNode.with([]) { node in
      node.runtime.hold("pull")
      node.want([.test([.test("app", image: "far:1")])])
      await node.eventually("pulling") { (try? node.kubelet.events.list().contains { $0.reason == "Pulling" }) == true }
      node.want([])
      await node.eventually("gone") { node.kubelet.podList().items.isEmpty }
    }
  }

  @Test("a liveness kill waits for nobody's hook")
  func kill() async throws {
    let probe = Probe(exec: ExecAction(command: ["check"]), failureThreshold: 1, periodSeconds: 1, timeoutSeconds: 1)
    let slow = Container.test("slow", lifecycle: Lifecycle(postStart: LifecycleHandler(sleep: SleepAction(seconds: 1000))))
    try await TestNode.with([]) { node in
      node.runtime.state.withLock { $0.execResults["check"] = 1 }
      node.want([.test([.test("app", liveness: probe), slow])])
      await node.eventually("killed") { node.runtime.calls.contains("stop app") }
      // It fails its probe again after a second: that it was started again is the fact.
      await node.eventually("again") { node.runtime.calls.filter { $0 == "start app" }.count > 1 }
      await node.eventually("its neighbour in its hook") { node.runtime.running("slow") != nil }
      #expect(node.container("slow")?.started != true)
    }
  }

  @Test("the agent's own end does not end a hook of a pod that ends, and the next agent goes on")
  func agentStops() async throws {
    let stop = Lifecycle(preStop: LifecycleHandler(exec: ExecAction(command: ["bye"])))
    try await TestNode.with([.test([.test("app", lifecycle: stop)])]) { node in
      await node.eventually("ready") { node.container("app")?.ready == true }
      node.runtime.hold("exec")
      node.want([])
      await node.eventually("hook runs") { node.runtime.calls.contains("exec bye") }
      await node.stop()
      await node.settle()
      #expect(node.runtime.cancelledExecs == 0)
      node.runtime.release("exec")
      node.start()
      await node.eventually("gone") { node.kubelet.podList().items.isEmpty && node.runtime.state.withLock { $0.sandboxes.isEmpty } }
      #expect(node.runtime.calls.filter { $0 == "exec bye" }.count == 1)
    }
  }

  @Test("an edited image and a removed container of a pod with a UID of its own are applied")
  func edited() async throws {
    try await TestNode.with([.test([.test("a"), .test("b")], restart: "Never")]) { node in
      node.runtime.addImage("busybox:2")
      await node.eventually("ready") { node.container("a")?.ready == true && node.container("b")?.ready == true }
      node.want([.test([.test("a", image: "busybox:2")], restart: "Never")])
      await node.eventually("a again") { node.runtime.running("a")?.metadata.attempt == 1 && node.container("a")?.ready == true }
      await node.eventually("b gone") { node.runtime.container("b") == nil }
      await node.eventually("status") {
        node.pod()?.status.phase == "Running" && node.pod()?.status.containerStatuses?.count == 1
      }
    }
  }

  private func labelled(_ image: String = "busybox", label: SELinuxOptions? = nil) -> Pod {
    var container = Container.test("a", image: image)
    container.securityContext = label.map { SecurityContext(seLinuxOptions: $0) }
    return .test([container])
  }

  @Test("a version that this node would not start does not act; the next one does", arguments: [false, true])
  func editedIntoTheUnsupported(overRestart: Bool) async throws {
    try await TestNode.with([labelled()]) { node in
      node.runtime.addImage("busybox:2")
      await node.eventually("ready") { node.container("a")?.ready == true }
      let edited = labelled("busybox:2", label: SELinuxOptions(level: "s0"))
      if overRestart {
        await node.stop()
        node.setWanted([edited])
        node.start()
      } else {
        node.want([edited])
      }
      await node.eventually("told") { node.told("UnsupportedField", "does not act") }
      await node.settle()
      #expect(node.runtime.running("a")?.metadata.attempt == 0 && node.container("a")?.ready == true)
      node.want([labelled("busybox:2")])
      await node.eventually("a again") { node.runtime.running("a")?.metadata.attempt == 1 && node.container("a")?.ready == true }
    }
  }

  @Test("a host port of another pod is not taken by an edit, until it is free", arguments: [false, true])
  func editedIntoAnothersPort(isEdit: Bool) async throws {
    var other = port("b")
    other.spec.containers[0].ports = nil
    var edited = port("b")
    edited.spec.containers[0].image = "busybox:2"
    try await TestNode.with([port("a"), other]) { node in
      node.runtime.addImage("busybox:2")
      await node.eventually("ready") {
        node.container("a", uid: "a")?.ready == true && node.container("b", uid: "b")?.ready == true
      }
      node.want([port("a"), edited])
      await node.eventually("told") { node.told("NodePorts", "does not act") }
      #expect(node.runtime.running("b")?.metadata.attempt == 0)
      var released = port("a")
      released.spec.containers[0].ports = nil
      // The other pod needs not end for it.
      node.want(isEdit ? [released, edited] : [edited])
      await node.eventually("b again", passing: 1) { node.runtime.running("b")?.metadata.attempt == 1 }
    }
  }

  private func port(_ uid: String, restart: String = "Always") -> Pod {
    var container = Container.test(uid)
    container.ports = [ContainerPort(containerPort: 80, hostPort: 80)]
    return .test(uid: uid, name: uid, [container], restart: restart)
  }

  @Test("a refused pod starts when another one finishes")
  func finished() async throws {
    try await TestNode.with([port("a", restart: "Never")]) { node in
      await node.eventually("a") { node.container("a", uid: "a")?.ready == true }
      node.want([port("a", restart: "Never"), port("b")])
      await node.eventually("refused") { node.pod("b")?.status.reason == "NodePorts" }
      node.runtime.exit("a", code: 0)
      await node.eventually("b") { node.container("b", uid: "b")?.ready == true }
      #expect(node.pod("a")?.status.phase == "Succeeded")
    }
  }

  @Test("what an earlier agent left counts before its source has named it")
  func adoptedCounts() async throws {
    try await TestNode.with([port("z")]) { node in
      await node.eventually("z") { node.container("z", uid: "z")?.ready == true }
      await node.stop()
      node.want([port("a"), port("z")])
      node.start()
      await node.eventually("refused") { node.pod("a")?.status.reason == "NodePorts" }
      await node.eventually("z still") { node.container("z", uid: "z")?.ready == true }
    }
  }

  @Test("a wait is told when it begins, once")
  func backoffEvent() async throws {
    try await TestNode.with([.test()]) { node in
      func told() throws -> Int { try node.kubelet.events.list().filter { $0.reason == "BackOff" }.map(\.count).reduce(0, +) }
      await node.eventually("ready") { node.container("app")?.ready == true }
      node.runtime.exit("app", code: 1)
      await node.eventually("first restart") { node.container("app")?.restartCount == 1 && node.container("app")?.ready == true }
      let early = try told()
      #expect(early == 0)
      node.runtime.exit("app", code: 1)
      await node.eventually("held back") { node.container("app")?.state?.waiting?.reason == "CrashLoopBackOff" }
      await node.eventually("told") { (try? told()) == 1 }
      await node.pass(seconds: 1)
      let once = try told()
      #expect(once == 1)
    }
  }
}

@Suite("The plan and unusual states") struct UnusualStateTests {
  private func observed(_ pod: Pod, _ change: (inout RuntimeAPI.ContainerStatus) -> Void) -> Observed {
    var observed = Observed()
    observed.areVolumesReady = true
    observed.images = ["app": ImageInfo(id: ImageID("x"), size: 1)]
    observed.apply(
      .sandbox(
        SandboxStatus(
          id: SandboxID("s"), metadata: SandboxMetadata(name: "p", uid: "u1", namespace: "default"), state: .ready, createdAt: 1,
          ip: "10.0.0.1")), pod: pod)
    var status = RuntimeAPI.ContainerStatus(
      id: ContainerID("c"), sandboxID: SandboxID("s"), metadata: ContainerMetadata(name: "app"), state: .exited, createdAt: 1,
      startedAt: 1, finishedAt: 2, exitCode: 137, image: ImageSpec(image: "x"))
    change(&status)
    observed.apply(.container(status), pod: pod)
    return observed
  }

  @Test("a container that never ran is made again, also in a pod that never restarts; a failed start is an end")
  func neverRan() {
    let pod = Pod.test(restart: "Never")
    let lost = observed(pod) { $0.startedAt = 0 }
    #expect(PodPhase.of(pod, lost) == .pending)
    let decision = PodPlan.nextAction(pod, lost, now: 5)
    #expect(decision.action == .startContainer(name: "app", attempt: 0, replaces: ContainerID("c")))
    let failed = observed(pod) {
      $0.startedAt = 0
      $0.reason = "StartError"
    }
    #expect(PodPhase.of(pod, failed) == .failed)
    #expect(PodPhase.of(pod, observed(pod) { _ in }) == .failed)
  }

  @Test("a pod whose container makes way for a newer version of it has not ended, at no moment")
  func replaced() {
    let pod = Pod.test(restart: "Never")
    var observed = observed(pod) { _ in }
    observed.update(ContainerID("c")) { $0.isReplaced = true }
    #expect(PodPhase.of(pod, observed) == .running)
    var next = observed.latest("app")!.status
    (next.id, next.metadata.attempt, next.state, next.startedAt, next.exitCode) = (ContainerID("d"), 1, .created, 0, 0)
    observed.apply(.container(next), pod: pod)
    #expect(observed.latest("app")?.id == ContainerID("d"))
    #expect(PodPhase.of(pod, observed) == .running)
    (next.state, next.startedAt) = (.running, 3)
    observed.apply(.container(next), pod: pod)
    #expect(PodPhase.of(pod, observed) == .running)
    (next.state, next.exitCode) = (.exited, 1)
    observed.apply(.container(next), pod: pod)
    #expect(PodPhase.of(pod, observed) == .failed)
  }

  @Test("a container the runtime lost sight of is killed, and running again is news")
  func unknown() {
    let pod = Pod.test()
    var lost = observed(pod) { $0.state = .running }
    var status = lost.latest("app")!.status
    status.state = .unknown
    lost.apply(.container(status), pod: pod)
    let beside = PodPlan.nextAction(pod, lost, now: 5).beside
    guard case .killContainer(let item)? = beside.first else {
      Issue.record("\(beside)")
      return
    }
    #expect(item.cause == .unknown)
    #expect(PodPlan.nextAction(pod, lost, now: 5, busy: [.kill(item.id)]).beside.isEmpty)
    status.state = .running
    lost.apply(.container(status), pod: pod)
    #expect(PodPlan.nextAction(pod, lost, now: 5).beside.isEmpty)
  }
}
