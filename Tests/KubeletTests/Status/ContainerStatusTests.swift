import KubeModel
import RuntimeAPI
import Testing

@testable import Kubelet

@Suite("A container's status") struct ContainerStatusTests {
  private func status(_ scene: PodScene, _ name: String = "app", now: Int64? = nil) -> KubeModel.ContainerStatus {
    let context = StatusContext(runtimeName: "fake", hostIPs: [])
    let (container, role) = scene.pod.container(named: name)!
    return ContainerStatusBuilder(pod: scene.pod, observed: scene.observed, context: context, now: now ?? scene.now)
      .status(container, role: role)
  }

  @Test("waits before it ran, and says for what") func waiting() {
    #expect(status(PodScene(.test())).state?.waiting?.reason == "ContainerCreating")
    #expect(status(PodScene(.test(initial: [.test("i")]))).state?.waiting?.reason == "PodInitializing")
    let made = status(PodScene(.test()).sandbox().container("app", .created))
    #expect(made.state?.waiting?.reason == "ContainerCreating" && made.containerID == nil && made.started == false)
    let failed = PodScene(.test()).sandbox().with { scene in
      _ = scene.observed.fail(.container("app"), KubeletError(.runtime, reason: "CreateContainerError", "no"), now: scene.now)
    }
    #expect(status(failed).state?.waiting == ContainerStateWaiting(message: "no", reason: "CreateContainerError"))
  }

  @Test("ended for its postStart hook: says so until it starts again or waits longer") func postStart() {
    let scene = PodScene(.test()).sandbox().container("app", .exited, code: 137).with { scene in
      scene.observed.failures[.container("app")] = Failure(reason: "PostStartHookError", message: "m", count: 1, retryAt: 0)
    }
    #expect(status(scene).state?.waiting?.reason == "PostStartHookError" && status(scene).lastState?.terminated?.exitCode == 137)
  }

  @Test("runs, with its id and start; ready only when started and ready") func running() {
    let probe = Probe(exec: ExecAction(command: ["x"]))
    let scene = PodScene(.test([.test("app", readiness: probe, startup: probe)])).sandbox().container("app", .running)
    let first = status(scene)
    #expect(first.containerID == "fake://app0" && first.state?.running != nil && first.started == false && !first.ready)
    let started = scene.apply(.probe(ContainerID("app0"), .startup, .success))
    #expect(status(started).started == true && !status(started).ready)
    #expect(status(started.apply(.probe(ContainerID("app0"), .readiness, .success))).ready)
  }

  @Test("ended: exit code, reason, message; back-off shows what it ended with as its last state") func ended() {
    let over = PodScene(.test(restart: "Never")).sandbox().container("app", .exited, code: 3)
      .apply(.terminationMessage(ContainerID("app0"), "bye"))
    let terminated = status(over).state?.terminated
    #expect(terminated?.exitCode == 3 && terminated?.reason == "Error" && terminated?.message == "bye")
    #expect(status(PodScene(.test(restart: "Never")).sandbox().container("app", .exited)).state?.terminated?.reason == "Completed")
    let held = PodScene(.test()).sandbox().container("app", .exited, code: 1).with { scene in
      scene.observed.backoffs["app"] = CrashBackoff.afterRestart(nil, finishedAt: 0, now: scene.now - 1, limit: .seconds(300))
    }
    let waits = status(held)
    #expect(waits.state?.waiting?.reason == "CrashLoopBackOff" && waits.lastState?.terminated?.exitCode == 1)
    #expect(waits.state?.waiting?.message?.hasPrefix("back-off 10s restarting failed container=app pod=") == true)
  }

  @Test("again: the run before is its last state, and the count is the attempt") func again() {
    let scene = PodScene(.test()).sandbox().container("app", .exited, code: 7).container("app", .running, attempt: 1)
    let status = status(scene)
    #expect(status.restartCount == 1 && status.lastState?.terminated?.exitCode == 7 && status.state?.running != nil)
    #expect(status.lastState?.terminated?.containerID == "fake://app0")
  }

  @Test("never located when its pod ended: ended, as a kubelet says it") func unknown() {
    let scene = PodScene(.test()).apply(.terminate(Termination(startedAt: 0, grace: 0, removes: false)))
    let terminated = status(scene).state?.terminated
    #expect(terminated?.exitCode == 137 && terminated?.reason == "ContainerStatusUnknown")
  }

  @Test("an init container that succeeded is ready") func initialization() {
    let scene = PodScene(.test(initial: [.test("i")])).sandbox().container("i", .exited)
    #expect(status(scene, "i").ready && status(scene, "i").state?.terminated?.exitCode == 0)
  }

  @Test(
    "recursive read-only mounts show what acts",
    arguments: [
      (true, nil, "Disabled"), (true, "Disabled", "Disabled"), (true, "IfPossible", "Enabled"), (true, "Enabled", "Enabled"),
      (false, nil, nil), (nil, nil, nil),
    ] as [(Bool?, String?, String?)])
  func recursive(readOnly: Bool?, mode: String?, expected: String?) {
    var pod = Pod.test()
    pod.spec.containers[0].volumeMounts = [VolumeMount(mountPath: "/v", name: "v", readOnly: readOnly, recursiveReadOnly: mode)]
    #expect(status(PodScene(pod)).volumeMounts?.first?.recursiveReadOnly == expected)
  }

  @Test("the signal that stops it is asked for by the number of the CRI, and shown as the runtime says it") func stopSignal() throws
  {
    #expect(
      [1, 23, 29, 35, 50, 51, 65].map { StopSignal.name($0) } == [
        "SIGABRT", "SIGTERM", "SIGUSR1", "SIGRTMIN", "SIGRTMIN+15", "SIGRTMAX-14", "SIGRTMAX",
      ])
    #expect([-1, 0, 66].map { StopSignal.name($0) } == [nil, nil, nil] && StopSignal.number("SIGUSR1") == 29)
    var container = Container.test("app", lifecycle: Lifecycle(stopSignal: "SIGUSR1"))
    let scene = PodScene(.test([container])).sandbox().container("app", .running).with { scene in
      scene.observed.update(ContainerID("app0")) { $0.status.stopSignal = 29 }
    }
    #expect(status(scene).stopSignal == "SIGUSR1")
    let builder = ConfigBuilder(
      pod: scene.pod, paths: PodPaths(root: "/r", logs: "/l", uid: PodUID("u1"), namespace: "default", name: "p"),
      node: TestNode.facts, cgroupParent: "")
    func asked() throws -> Int32 {
      try builder.container(container, attempt: 0, image: "i", environment: [], mounts: []).stopSignal
    }
    #expect(try asked() == 29)
    container.lifecycle = nil
    #expect(try asked() == 0)
  }

  @Test("durations are written as Go writes them", arguments: [(20, "20s"), (80, "1m20s"), (300, "5m0s"), (3661, "1h1m1s")])
  func durations(seconds: Int64, text: String) { #expect(GoDuration.text(.seconds(seconds)) == text) }
}
