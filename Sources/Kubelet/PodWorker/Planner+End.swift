internal import KubeModel
internal import RuntimeAPI

extension Planner {
  /// Ends a pod: containers, sandbox, volumes, and with `removes` every trace of it.
  mutating func end(_ termination: Termination) -> Decision {
    let stages = stages(termination)
    if !stages.isEmpty { return mayTry(.stop) ? act(.stopContainers(stages: stages)) : wait() }
    // One that is being killed for a reason of its own.
    if !observed.live.isEmpty { return wait() }
    if let sandbox = observed.sandboxes.first(where: { !$0.isStopped }) {
      return mayTry(.stop) ? act(.stopSandbox(sandbox.status.id)) : wait()
    }
    if !observed.isTornDown { return mayTry(.tearDown) ? act(.tearDown) : wait() }
    guard termination.removes else { return wait() }
    if let sandbox = observed.sandboxes.first { return mayTry(.tearDown) ? act(.removeSandbox(sandbox.status.id)) : wait() }
    if let leftover = observed.containers.values.flatMap({ $0 }).first {
      return mayTry(.tearDown) ? act(.removeContainer(leftover.id)) : wait()
    }
    if !observed.areDirectoriesRemoved { return mayTry(.tearDown) ? act(.removeDirectories) : wait() }
    return Decision(isFinished: true)
  }

  /// App containers together, then sidecars, the last one first.
  private func stages(_ termination: Termination) -> [[ContainerStop]] {
    let live = observed.live.filter { !busy.contains(.kill($0.id)) }.map {
      stop($0, deadline: termination.deadline, cause: .podEnds)
    }
    let sidecars = pod.initContainers.filter(\.isSidecar).map(\.name)
    let first = live.filter { !sidecars.contains($0.name) }
    let rest = sidecars.reversed().map { name in live.filter { $0.name == name } }
    return ([first] + rest).filter { !$0.isEmpty }
  }
}
