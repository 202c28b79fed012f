internal import KubeModel

/// The conditions the kubelet owns. Source: kubelet `status/generate.go`.
struct PodConditions {
  let pod: Pod
  let observed: Observed
  let status: PodStatus
  let previous: PodStatus
  let now: Int64

  private struct Verdict {
    var isTrue: Bool
    var reason: String?
    var message: String?
    static let yes = Verdict(isTrue: true)
  }

  var all: [PodCondition] {
    let initialized = initialized
    let containersReady = containersReady
    var all = [
      condition("PodReadyToStartContainers", Verdict(isTrue: observed.sandbox?.isReady == true)),
      condition("Initialized", initialized), condition("Ready", ready(containersReady)),
      condition("ContainersReady", containersReady), condition("PodScheduled", .yes),
    ]
    // Of pods that have it, or had it once. Source: KEP-5532.
    let restarting = Verdict(isTrue: observed.isRestartingAll)
    if restarting.isTrue || previous.conditions?.contains(where: { $0.type == "AllContainersRestarting" }) == true {
      all.append(condition("AllContainersRestarting", restarting))
    }
    if let pending = observed.pendingResize {
      all.append(condition("PodResizePending", Verdict(isTrue: true, reason: pending.reason, message: pending.message)))
    }
    if let failure = observed.failures[.resize] {
      all.append(condition("PodResizeInProgress", Verdict(isTrue: true, reason: "Error", message: failure.message)))
    }
    return all
  }

  private var isOver: Verdict? {
    switch status.phase {
    case "Succeeded": Verdict(isTrue: false, reason: "PodCompleted")
    case "Failed": Verdict(isTrue: false, reason: "PodFailed")
    default: nil
    }
  }

  private var initialized: Verdict {
    let pending = (status.initContainerStatuses ?? []).filter { container in
      let isSidecar = pod.initContainers.first { $0.name == container.name }?.isSidecar == true
      return isSidecar ? container.started != true && !observed.wasInitialized : !container.ready && !observed.wasInitialized
    }.map(\.name)
    if status.phase == "Succeeded" { return Verdict(isTrue: true, reason: "PodCompleted") }
    if pending.isEmpty { return .yes }
    return Verdict(
      isTrue: false, reason: "ContainersNotInitialized",
      message: "containers with incomplete status: [\(pending.joined(separator: " "))]")
  }

  private var containersReady: Verdict {
    if let isOver { return isOver }
    let sidecars = pod.initContainers.filter(\.isSidecar).map(\.name)
    let containers = (status.initContainerStatuses ?? []).filter { sidecars.contains($0.name) } + (status.containerStatuses ?? [])
    let unready = containers.filter { !$0.ready }.map(\.name)
    if unready.isEmpty { return .yes }
    return Verdict(
      isTrue: false, reason: "ContainersNotReady", message: "containers with unready status: [\(unready.joined(separator: " "))]")
  }

  private func ready(_ containers: Verdict) -> Verdict {
    guard containers.isTrue else { return containers }
    // No API server: nobody can set the condition a readiness gate waits for.
    let messages = (pod.spec.readinessGates ?? []).map {
      "corresponding condition of pod readiness gate \"\($0.conditionType)\" does not exist."
    }
    return messages.isEmpty
      ? .yes : Verdict(isTrue: false, reason: "ReadinessGatesNotReady", message: messages.joined(separator: ", "))
  }

  private func condition(_ type: String, _ verdict: Verdict) -> PodCondition {
    let text = verdict.isTrue ? "True" : "False"
    let old = previous.conditions?.first { $0.type == type }
    return PodCondition(
      status: text, type: type, lastTransitionTime: old?.status == text ? old?.lastTransitionTime : Time(sinceEpoch: now),
      message: verdict.message, observedGeneration: pod.metadata.generation, reason: verdict.reason)
  }
}
