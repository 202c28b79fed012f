internal import KubeModel
internal import RuntimeAPI

extension Planner {
  private enum Step {
    case start(PodAction)
    /// Nothing to start here, now.
    case none
  }

  /// Init containers one at a time, sidecars kept alive, then app containers in the order of the spec.
  mutating func start() -> Decision? {
    for container in pod.initContainers {
      let role: ContainerRole = container.isSidecar ? .sidecar : .initialization
      if case .start(let action) = step(container, role) { return act(action) }
      if !observed.isInitialized(container) && !isPastInitialization { return wait() }
    }
    for container in pod.spec.containers {
      if case .start(let action) = step(container, .app) { return act(action) }
    }
    return nil
  }

  /// App containers exist in this sandbox, so its init containers must have ended well, even if their records are gone.
  private var isPastInitialization: Bool { pod.spec.containers.contains { observed.current($0.name) != nil } }

  private mutating func step(_ container: Container, _ role: ContainerRole) -> Step {
    let name = container.name
    let latest = observed.latest(name)
    let attempt = latest.map { $0.attempt.next } ?? 0
    guard let run = observed.current(name) else {
      if role == .initialization, isPastInitialization { return .none }
      // Nothing in this sandbox yet; what ran in an earlier one starts again as its policy says (init containers always do).
      if role == .app, let latest, latest.hasExited,
        !RestartPolicy.restarts(container, role: role, in: pod, exitCode: latest.status.exitCode)
      {
        return .none
      }
      return begin(name, attempt: attempt, replaces: nil)
    }
    switch run.status.state {
    case .running, .unknown: return .none
    case .created: return begin(name, attempt: run.attempt, replaces: run.id)
    case .exited:
      guard RestartPolicy.restarts(container, role: role, in: pod, exitCode: run.status.exitCode) else { return .none }
      if let at = CrashBackoff.notBefore(observed.backoffs[name], finishedAt: run.status.finishedAt, now: now) {
        wake(at: at)
        return .none
      }
      return begin(name, attempt: attempt, replaces: nil)
    }
  }

  private mutating func begin(_ name: String, attempt: UInt32, replaces: ContainerID?) -> Step {
    mayTry(.container(name)) ? .start(.startContainer(name: name, attempt: attempt, replaces: replaces)) : .none
  }
}

extension Observed {
  /// Folds in that an action begins: a restart moves the container's back-off on.
  mutating func begin(_ action: PodAction, limit: Int64, now: Int64) {
    guard case .startContainer(let name, _, _) = action, let run = current(name), run.hasExited else { return }
    backoffs[name] = CrashBackoff.afterRestart(backoffs[name], finishedAt: run.status.finishedAt, now: now, limit: limit)
  }
}
