import KubeModel
import RuntimeAPI
import Testing

@testable import Kubelet

@Suite("Conditions of a pod") struct PodConditionsTests {
  private static let pod = Pod.test([.test("app"), .test("web")], initial: [.test("setup"), .test("proxy", restart: "Always")])

  private static func status(_ name: String, ready: Bool = true, started: Bool? = true) -> KubeModel.ContainerStatus {
    KubeModel.ContainerStatus(image: "x", imageID: "x", name: name, ready: ready, restartCount: 0, started: started)
  }

  private static var well: PodStatus {
    var well = PodStatus()
    well.phase = "Running"
    well.initContainerStatuses = [status("setup"), status("proxy")]
    well.containerStatuses = [status("app"), status("web")]
    return well
  }

  private static func observed(sandbox: SandboxState? = .ready) -> Observed {
    var observed = Observed()
    guard let sandbox else { return observed }
    let status = SandboxStatus(
      id: SandboxID("s"), metadata: SandboxMetadata(name: "web-node1", uid: "u1", namespace: "default"), state: sandbox,
      createdAt: 1,
      ip: "10.0.0.1")
    observed.apply(.sandbox(status), pod: pod)
    return observed
  }

  private static func conditions(
    _ status: PodStatus, _ observed: Observed = observed(), pod: Pod = pod, previous: PodStatus = PodStatus(),
    now: Int64 = 7_000_000_000
  ) -> [String: PodCondition] {
    let all = PodConditions(pod: pod, observed: observed, status: status, previous: previous, now: now).all
    #expect(all.map(\.type) == ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"])
    return Dictionary(uniqueKeysWithValues: all.map { ($0.type, $0) })
  }

  private static func words(_ conditions: [String: PodCondition]) -> [String] {
    ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].compactMap { type in
      conditions[type].map { "\($0.status)\($0.reason.map { " \($0)" } ?? "")" }
    }
  }

  @Test("all are true of a pod that is well")
  func allTrue() { #expect(Self.words(Self.conditions(Self.well)) == ["True", "True", "True", "True", "True"]) }

  @Test("a pod without a sandbox, or whose sandbox has died, cannot start containers", arguments: [nil, SandboxState.notReady])
  func sandbox(_ state: SandboxState?) {
    let found = Self.conditions(Self.well, Self.observed(sandbox: state))
    #expect(Self.words(found) == ["False", "True", "True", "True", "True"])
  }

  @Test("an init container that has not ended, and a sidecar that has not started, are named; once done, it stays done")
  func initialization() {
    var status = Self.well
    status.initContainerStatuses = [Self.status("setup", ready: false), Self.status("proxy", ready: false, started: false)]
    let found = Self.conditions(status)
    #expect(Self.words(found)[1] == "False ContainersNotInitialized")
    #expect(found["Initialized"]?.message == "containers with incomplete status: [setup proxy]")
    // A sidecar counts for the readiness of the pod; an init container does not.
    #expect(found["ContainersReady"]?.message == "containers with unready status: [proxy]")
    var observed = Self.observed()
    observed.wasInitialized = true
    #expect(Self.words(Self.conditions(status, observed))[1] == "True")
  }

  @Test("containers that are not ready are named, in both conditions")
  func unready() {
    var status = Self.well
    status.containerStatuses = [Self.status("app", ready: false), Self.status("web")]
    let found = Self.conditions(status)
    #expect(Self.words(found) == ["True", "True", "False ContainersNotReady", "False ContainersNotReady", "True"])
    #expect(found["Ready"]?.message == "containers with unready status: [app]")
  }

  @Test("a pod that is over says how it ended", arguments: [("Succeeded", "PodCompleted"), ("Failed", "PodFailed")])
  func over(_ phase: String, _ reason: String) {
    var status = Self.well
    status.phase = phase
    let found = Self.conditions(status)
    #expect(Self.words(found)[2...3] == ["False \(reason)", "False \(reason)"])
    #expect(found["Initialized"]?.reason == (phase == "Succeeded" ? reason : nil))
  }

  @Test("a readiness gate that nobody can open holds back the pod, not its containers")
  func gates() {
    var pod = Self.pod
    pod.spec.readinessGates = [PodReadinessGate(conditionType: "example.com/a"), PodReadinessGate(conditionType: "example.com/b")]
    let found = Self.conditions(Self.well, pod: pod)
    #expect(Self.words(found)[2...3] == ["False ReadinessGatesNotReady", "True"])
    #expect(found["Ready"]?.message?.contains("\"example.com/a\" does not exist., corresponding") == true)
  }

  @Test("the time of a transition moves with the status, and only with it")
  func transitions() {
    let first = Self.conditions(Self.well)
    #expect(first.values.allSatisfy { $0.lastTransitionTime == Time(sinceEpoch: 7_000_000_000) })
    var previous = Self.well
    previous.conditions = Array(first.values)
    var status = Self.well
    status.containerStatuses = [Self.status("app", ready: false), Self.status("web")]
    let second = Self.conditions(status, previous: previous, now: 9_000_000_000)
    #expect(second["Ready"]?.lastTransitionTime == Time(sinceEpoch: 9_000_000_000))
    #expect(second["Initialized"]?.lastTransitionTime == Time(sinceEpoch: 7_000_000_000))
  }
}
