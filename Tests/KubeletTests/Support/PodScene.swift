import KubeModel
import RuntimeAPI

@testable import Kubelet

/// A pod and what its worker observed, written down shortly: sandboxes are `s0`, `s1` by attempt, containers `app0`, `app1`.
struct PodScene {
  var pod: Pod
  var observed = Observed()
  let now: Int64 = 1_000_000_000_000

  init(_ pod: Pod) {
    self.pod = pod
    observed.startedAt = now
    observed.areVolumesReady = true
    observed.apply(.wake, pod: pod)
  }

  func with(_ change: (inout PodScene) -> Void) -> PodScene {
    var copy = self
    change(&copy)
    return copy
  }

  func sandbox(_ attempt: UInt32 = 0, _ state: SandboxState = .ready) -> PodScene {
    with { scene in
      scene.observed.apply(
        .sandbox(
          SandboxStatus(
            id: SandboxID("s\(attempt)"), metadata: SandboxMetadata(name: "p", uid: "u1", namespace: "default", attempt: attempt),
            state: state, createdAt: Int64(attempt), ip: "10.0.0.1")), pod: scene.pod)
    }
  }

  func container(
    _ name: String, _ state: RuntimeAPI.ContainerState, code: Int32 = 0, attempt: UInt32 = 0, sandbox: String = "s0",
    finished: Int64 = 0
  ) -> PodScene {
    with { scene in
      scene.observed.apply(
        .container(
          RuntimeAPI.ContainerStatus(
            id: ContainerID("\(name)\(attempt)"), sandboxID: SandboxID(sandbox),
            metadata: ContainerMetadata(name: name, attempt: attempt),
            state: state, createdAt: Int64(attempt), startedAt: 1, finishedAt: finished == 0 ? scene.now : finished, exitCode: code,
            image: ImageSpec(image: "busybox"))), pod: scene.pod)
    }
  }

  func apply(_ event: PodEvent) -> PodScene { with { $0.observed.apply(event, pod: $0.pod) } }
  /// Every image is here.
  var decision: Decision {
    var observed = observed
    for (container, _) in pod.allContainers { observed.images[container.name] = ImageInfo(id: ImageID("sha256:x"), size: 1) }
    return PodPlan.nextAction(pod, observed, now: now)
  }
  var action: PodAction? { decision.action }
  var phase: PodPhase { PodPhase.of(pod, observed) }
}
