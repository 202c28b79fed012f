import KubeModel
import RuntimeAPI
import Testing

@testable import Kubelet

private func start(_ name: String, _ attempt: UInt32 = 0) -> PodAction {
  .startContainer(name: name, attempt: attempt, replaces: nil)
}

@Suite("The plan of a pod") struct PodPlanTests {
  @Test("a new pod prepares, then makes its sandbox")
  func first() {
    let scene = PodScene(.test())
    #expect(scene.with { $0.observed.areVolumesReady = false }.action == .prepare)
    #expect(scene.action == .runSandbox(attempt: 0))
    #expect(scene.sandbox().action == start("app"))
  }

  @Test(
    "an ended container follows its pod's restart policy",
    arguments: [
      ("Always", Int32(0), true), ("Always", 1, true), ("OnFailure", 0, false), ("OnFailure", 1, true), ("Never", 0, false),
      ("Never", 1, false),
    ])
  func restarts(policy: String, code: Int32, restarts: Bool) {
    let scene = PodScene(.test([.test("app"), .test("other")], restart: policy)).sandbox().container("other", .running)
      .container("app", .exited, code: code)
    #expect(scene.action == (restarts ? start("app", 1) : nil))
  }

  @Test("a failed init container fails a pod that never restarts and is tried again otherwise")
  func failedInit() {
    let never = PodScene(.test(initial: [.test("i")], restart: "Never")).sandbox().container("i", .exited, code: 1)
    #expect(never.phase == .failed)
    let retried = PodScene(.test(initial: [.test("i")], restart: "OnFailure")).sandbox().container("i", .exited, code: 1)
    #expect(retried.phase == .pending && retried.action == start("i", 1))
  }

  @Test("the failure of one app container does not hold back the next")
  func failures() {
    let scene = PodScene(.test([.test("a"), .test("b")])).sandbox().with { scene in
      _ = scene.observed.fail(.container("a"), KubeletError(.image, reason: "ErrImagePull", "x"), now: scene.now)
    }
    #expect(scene.action == start("b"))
    // First the moment from which readers see that it waits, then the retry.
    #expect(scene.container("b", .running).decision == Decision(action: nil, wakeUpAt: scene.now + 1_000_000_000))
  }

  @Test("a sidecar with a startup probe holds back the next init container until it started")
  func sidecarProbe() {
    let probe = Probe(exec: ExecAction(command: ["x"]))
    let pod = Pod.test(initial: [.test("s", startup: probe, restart: "Always"), .test("i")])
    let scene = PodScene(pod).sandbox().container("s", .running)
    #expect(scene.action == nil)
    #expect(scene.apply(.probe(ContainerID("s0"), .startup, .success)).action == start("i"))
  }

  @Test("a dead sandbox is stopped and replaced, except for a pod that never restarts")
  func deadSandbox() {
    let scene = PodScene(.test()).sandbox(0, .notReady).container("app", .exited, code: 137)
    #expect(scene.action == .stopSandbox(SandboxID("s0")))
    #expect(scene.apply(.sandboxStopped(SandboxID("s0"))).action == .runSandbox(attempt: 1))
    let never = PodScene(.test(restart: "Never")).sandbox(0, .notReady).container("app", .exited, code: 137)
    #expect(never.phase == .failed)
  }

  @Test("a container that was created and never started is made again with its number")
  func created() {
    let scene = PodScene(.test()).sandbox().container("app", .created)
    #expect(scene.action == .startContainer(name: "app", attempt: 0, replaces: ContainerID("app0")))
  }

  @Test("termination goes containers, sandbox, volumes, records, directories")
  func termination() {
    var scene = PodScene(.test()).sandbox().container("app", .running)
      .apply(.terminate(Termination(startedAt: 1_000_000_000_000, grace: 30, removes: true)))
    guard case .stopContainers(let stages)? = scene.action else {
      Issue.record("expected a stop")
      return
    }
    #expect(stages.map { $0.map(\.name) } == [["app"]] && stages[0][0].deadline == scene.now + 30_000_000_000)
    scene = scene.container("app", .exited, code: 143)
    #expect(scene.action == .stopSandbox(SandboxID("s0")))
    scene = scene.apply(.sandboxStopped(SandboxID("s0")))
    #expect(scene.action == .tearDown)
    scene = scene.apply(.tornDown)
    #expect(scene.action == .removeSandbox(SandboxID("s0")))
    scene = scene.apply(.sandboxRemoved(SandboxID("s0")))
    #expect(scene.action == .removeDirectories)
    #expect(scene.apply(.directoriesRemoved).decision.isFinished)
  }

  @Test("grace only shrinks while a pod ends")
  func grace() {
    let scene = PodScene(.test()).apply(.terminate(Termination(startedAt: 0, grace: 30, removes: true)))
    #expect(scene.apply(.terminate(Termination(startedAt: 0, grace: 5, removes: true))).observed.termination?.grace == 5)
    #expect(scene.apply(.terminate(Termination(startedAt: 0, grace: 50, removes: true))).observed.termination?.grace == 30)
  }

  @Test("crash back-off doubles to its limit and is forgotten after ten quiet minutes")
  func backoff() {
    var state: CrashBackoff?
    var now: Int64 = 0
    var delays: [Int64] = []
    for _ in 0..<7 {
      state = CrashBackoff.afterRestart(state, finishedAt: now, now: now, limit: .seconds(300))
      delays.append(state!.delay / 1_000_000_000)
      now += .seconds(1)
    }
    #expect(delays == [10, 20, 40, 80, 160, 300, 300])
    #expect(CrashBackoff.notBefore(state, finishedAt: now, now: now) == now + .seconds(300))
    #expect(CrashBackoff.notBefore(state, finishedAt: now + .seconds(700), now: now + .seconds(700)) == nil)
    #expect(CrashBackoff.afterRestart(nil, finishedAt: 0, now: 0, limit: .seconds(1)).delay == .seconds(1))
  }

  @Test("late news never brings a container back to life")
  func lateNews() {
    let scene = PodScene(.test()).sandbox().container("app", .exited, code: 1).container("app", .running)
    #expect(scene.observed.latest("app")?.hasExited == true)
  }

  @Test("a listing does not drop what is younger than it")
  func staleListing() {
    let scene = PodScene(.test()).sandbox(5).apply(.listed(PodRuntimeState(since: 0)))
    #expect(scene.observed.sandboxes.count == 1)
    #expect(scene.apply(.listed(PodRuntimeState(since: 9))).observed.sandboxes.isEmpty)
  }

  @Test("a dead sandbox goes when it has no run that a status shows; the one before the present stays with `lastState`")
  func deadSandboxes() {
    func ended(_ attempt: UInt32) -> PodScene {
      PodScene(.test()).sandbox(0, .notReady).apply(.sandboxStopped(SandboxID("s0"))).sandbox(1, .notReady)
        .apply(.sandboxStopped(SandboxID("s1"))).sandbox(2)
        .container("app", .exited, code: 1, sandbox: "s0").container("app", .exited, code: 1, attempt: 1, sandbox: "s1")
    }
    let running = ended(2).container("app", .running, attempt: 2, sandbox: "s2")
    // The oldest run goes first, then the sandbox it was in; the run before the present one keeps its sandbox.
    #expect(running.action == .removeContainer(ContainerID("app0")))
    let without = running.apply(.containerRemoved(ContainerID("app0")))
    #expect(without.action == .removeSandbox(SandboxID("s0")))
    #expect(without.apply(.sandboxRemoved(SandboxID("s0"))).action == nil)
  }

  @Test("what a step found for another version of the pod does not count") func otherVersion() {
    let info = ImageInfo(id: ImageID("sha256:x"), size: 1)
    let old = PodScene(.test([.test("app", image: "new")])).apply(.image(name: "app", reference: "old", info))
    #expect(old.observed.images.isEmpty)
    #expect(old.apply(.image(name: "app", reference: "new", info)).observed.images["app"] == info)
    var pod = Pod.test()
    pod.spec.volumes = [KubeModel.Volume(name: "new", emptyDir: EmptyDirVolumeSource())]
    let scene = PodScene(pod).with { $0.observed.areVolumesReady = false }
    #expect(scene.apply(.volumesReady(nil)).action == .prepare)
    #expect(scene.apply(.volumesReady(pod.spec.volumes)).action == .runSandbox(attempt: 0))
  }
}
