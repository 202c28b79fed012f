import KubeModel
import RuntimeAPI
import Testing

@testable import Kubelet

@Suite("Which probes run") struct ProbeSetTests {
  private static let probe = Probe(exec: ExecAction(command: ["x"]))
  private func pod(startup: Bool = false, lifecycle: Lifecycle? = nil) -> Pod {
    .test([
      .test(
        "app", lifecycle: lifecycle, liveness: Self.probe, readiness: Self.probe, startup: startup ? Self.probe : nil)
    ])
  }
  private func kinds(_ scene: PodScene) -> Set<ProbeKind> { Set(ProbeSet.wanted(scene.pod, scene.observed).keys.map(\.kind)) }

  @Test("none before a container runs, and none of one that ended") func states() {
    let scene = PodScene(pod()).sandbox()
    #expect(kinds(scene) == [])
    #expect(kinds(scene.container("app", .created)) == [])
    #expect(kinds(scene.container("app", .running)) == [.liveness, .readiness])
    #expect(kinds(scene.container("app", .exited, code: 1)) == [])
    #expect(kinds(scene.container("app", .unknown)) == [])
  }

  @Test("the startup probe alone until it succeeded") func startup() {
    let scene = PodScene(pod(startup: true)).sandbox().container("app", .running)
    #expect(kinds(scene) == [.startup])
    #expect(kinds(scene.apply(.probe(ContainerID("app0"), .startup, .success))) == [.liveness, .readiness])
    #expect(kinds(scene.apply(.probe(ContainerID("app0"), .startup, .failure))) == [])
  }

  @Test("none before the postStart hook is done, nor of a container that is to be killed") func hook() {
    let hook = Lifecycle(postStart: LifecycleHandler(exec: ExecAction(command: ["x"])))
    let scene = PodScene(pod(lifecycle: hook)).sandbox().container("app", .running)
    #expect(kinds(scene) == [])
    let started = scene.apply(.postStart(ContainerID("app0"), succeeded: true))
    #expect(kinds(started) == [.liveness, .readiness])
    #expect(kinds(started.apply(.probe(ContainerID("app0"), .liveness, .failure))) == [])
  }

  @Test("readiness alone while the pod ends") func ending() {
    let scene = PodScene(pod()).sandbox().container("app", .running)
      .apply(.terminate(Termination(startedAt: 0, grace: 30, removes: true)))
    #expect(kinds(scene) == [.readiness])
  }

  @Test("sidecars have them, other init containers have none") func initialization() {
    func kinds(restart: String?) -> Set<ProbeKind> {
      let pod = Pod.test(initial: [.test("i", liveness: Self.probe, restart: restart)])
      return self.kinds(PodScene(pod).sandbox().container("i", .running))
    }
    #expect(kinds(restart: "Always") == [.liveness] && kinds(restart: nil) == [])
  }

  @Test("what ran before the agent is probed at moments of its own within the first period") func spread() {
    let probe = Probe(initialDelaySeconds: 3, periodSeconds: 10)
    func first(_ id: String, startedAt: Int64, now: Int64 = 100_000_000_000) -> Int64 {
      let key = ProbeKey(container: ContainerID(id), kind: .readiness)
      return WorkerProbes.firstTry(key, probe, startedAt: startedAt, agent: 100_000_000_000, now: now)
    }
    let moments = (0..<100).map { first("c\($0)", startedAt: 50_000_000_000) }
    #expect(moments.allSatisfy { (100_000_000_000..<110_000_000_000).contains($0) } && Set(moments).count == 100)
    // Spread, and not only different.
    #expect((moments.max() ?? 0) - (moments.min() ?? 0) > .seconds(8))
    #expect(first("c0", startedAt: 50_000_000_000) == moments[0])
    // A container of this agent's own, and one that is probed later: after its initial delay.
    #expect(first("c0", startedAt: 100_000_000_000) == 103_000_000_000)
    #expect(first("c0", startedAt: 50_000_000_000, now: 110_000_000_000) == 53_000_000_000)
  }
}
