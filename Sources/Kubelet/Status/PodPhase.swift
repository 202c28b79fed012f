internal import KubeModel
internal import RuntimeAPI

/// A pod's phase. Source: kubelet `getPhase`.
enum PodPhase: String, Sendable {
  case pending = "Pending"
  case running = "Running"
  case succeeded = "Succeeded"
  case failed = "Failed"

  var isTerminal: Bool { self == .succeeded || self == .failed }

  /// From the containers alone. A container that waits in back-off counts as stopped, one that never ran as waiting; what a sidecar
  /// exits with never matters.
  static func of(_ pod: Pod, _ observed: Observed) -> PodPhase {
    // Restarted as a whole, a pod that ran is still one that runs.
    if observed.termination == nil, observed.isRestartingAll { return .running }
    var waiting = 0
    var running = 0
    var stopped: [(container: Container, run: ContainerInstance)] = []
    for container in pod.initContainers {
      let run = observed.latest(container.name)
      if container.isSidecar {
        if !observed.wasInitialized, run?.isStarted != true { waiting += 1 }
        continue
      }
      guard let run, run.hasExited else {
        if run != nil || !observed.wasInitialized { waiting += 1 }
        continue
      }
      if run.status.exitCode != 0 {
        let restarts = RestartPolicy.restarts(container, role: .initialization, in: pod, after: run)
        if !restarts { return .failed }
        waiting += 1
      }
    }
    for container in pod.spec.containers {
      let runs = observed.containers[container.name] ?? []
      if let last = runs.last, last.isLive {
        running += 1
      } else if let ended = runs.last(where: \.hasExited) {
        // One that ended for a newer version of it is on its way back, also while that is made and not started yet.
        if ended.isReplaced { running += 1 } else { stopped.append((container, ended)) }
      } else {
        waiting += 1
      }
    }
    if waiting > 0 { return .pending }
    if running > 0 { return .running }
    let mayRestart = stopped.contains { RestartPolicy.restarts($0.container, role: .app, in: pod, after: $0.run) }
    if mayRestart { return observed.termination == nil ? .running : stoppedPhase(stopped) }
    return stoppedPhase(stopped)
  }

  private static func stoppedPhase(_ stopped: [(container: Container, run: ContainerInstance)]) -> PodPhase {
    stopped.allSatisfy { $0.run.status.exitCode == 0 } ? .succeeded : .failed
  }
}
