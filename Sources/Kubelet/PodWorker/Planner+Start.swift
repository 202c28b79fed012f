internal import KubeModel
internal import RuntimeAPI

extension Planner {
  private enum Step {
    case start(PodAction)
    /// Nothing to start here, now.
    case none
    /// Its image or its hook is under way: what comes after it waits, as order is promised.
    case underWay
  }

  /// Init containers one at a time, sidecars kept alive, then app containers in the order of the spec.
  mutating func start() -> Decision? {
    // All end before one begins again.
    if observed.live.contains(where: { $0.illness == .restartAll }) { return wait() }
    for container in pod.initContainers {
      let role: ContainerRole = container.isSidecar ? .sidecar : .initialization
      switch step(container, role) {
      case .start(let action): return act(action)
      case .underWay: return wait()
      case .none: break
      }
      if !observed.isInitialized(container) && !isPastInitialization { return wait() }
    }
    for container in pod.spec.containers {
      switch step(container, .app) {
      case .start(let action): return act(action)
      case .underWay: return wait()
      case .none: break
      }
    }
    return nil
  }

  /// App containers exist in this sandbox, so its init containers must have ended well, even if their records are gone.
  private var isPastInitialization: Bool {
    pod.spec.containers.contains { observed.current($0.name).map { $0.restartsWithAll == nil } ?? false }
  }

  private mutating func step(_ container: Container, _ role: ContainerRole) -> Step {
    let name = container.name
    let latest = observed.latest(name)
    let attempt = latest.map { $0.attempt.next } ?? 0
    guard let run = observed.current(name) else {
      if role == .initialization, isPastInitialization { return .none }
      // Nothing in this sandbox yet; what ran in an earlier one starts again as its policy says (init containers always do).
      if role == .app, let latest, latest.hasExited,
        !RestartPolicy.restarts(container, role: role, in: pod, after: latest)
      {
        return .none
      }
      return begin(name, attempt: attempt, replaces: nil)
    }
    switch run.status.state {
    case .running: return hook(container, run)
    case .unknown: return .none
    case .created: return begin(name, attempt: run.attempt, replaces: run.id)
    case .exited where run.neverRan: return begin(name, attempt: run.attempt, replaces: run.id)
    case .exited where run.isReplaced:
      // The one that asked for all to begin again waits like any other that crashed.
      if run.restartsWithAll == .source, let at = heldBack(run) {
        wake(at: at)
        return .none
      }
      return begin(name, attempt: attempt, replaces: nil)
    case .exited:
      guard RestartPolicy.restarts(container, role: role, in: pod, after: run) else { return .none }
      if let at = heldBack(run) {
        wake(at: at)
        return .none
      }
      return begin(name, attempt: attempt, replaces: nil)
    }
  }

  private func heldBack(_ run: ContainerInstance) -> Int64? {
    CrashBackoff.notBefore(observed.backoffs[run.name], finishedAt: run.endedAt, now: now)
  }

  private mutating func begin(_ name: String, attempt: UInt32, replaces: ContainerID?) -> Step {
    guard mayTry(.image(name)), mayTry(.container(name)) else { return .none }
    if observed.images[name] == nil {
      aside(.pullImage(name: name))
      return .underWay
    }
    return .start(.startContainer(name: name, attempt: attempt, replaces: replaces))
  }

  private mutating func hook(_ container: Container, _ run: ContainerInstance) -> Step {
    guard container.lifecycle?.postStart != nil, !run.isPastPostStart, run.illness == nil else { return .none }
    if !run.isPostStartBegun { aside(.postStart(run.id, name: run.name)) }
    return .underWay
  }
}

extension Observed {
  /// Folds in that an action begins: a restart moves the container's back-off on.
  mutating func begin(_ action: PodAction, limit: Int64, now: Int64) {
    switch action {
    case .startContainer(let name, _, _):
      // The next start asks for its image again: `Always` means each time.
      images[name] = nil
      guard let run = current(name), run.hasExited, !run.isReplaced || run.restartsWithAll == .source else { return }
      backoffs[name] = CrashBackoff.afterRestart(backoffs[name], finishedAt: run.endedAt, now: now, limit: limit)
    case .postStart(let id, _): update(id) { $0.isPostStartBegun = true }
    case .killContainer(let item) where item.cause == .changed: update(item.id) { $0.isReplaced = true }
    case .killContainer(let item) where item.cause == .liveness || item.cause == .startup:
      update(item.id) { $0.isKilledForProbe = true }
    default: break
    }
  }
}
