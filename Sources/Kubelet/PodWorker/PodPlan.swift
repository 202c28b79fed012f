internal import KubeModel
internal import RuntimeAPI

/// What is wanted of a pod.
struct DesiredPod: Sendable {
  var pod: Pod
  /// Longest crash back-off, nanoseconds.
  var maxRestartPeriod: Int64 = .seconds(300)
}

/// The rules of a pod's life as a pure function: restart policy, back-off, init order, sidecars, probes' consequences and termination
/// all live here, and nowhere else.
enum PodPlan {
  static func nextAction(_ desired: DesiredPod, _ observed: Observed, now: Int64) -> Decision {
    var plan = Planner(desired: desired, observed: observed, now: now)
    if let termination = observed.termination { return plan.end(termination) }
    return plan.run()
  }
}

/// One run of the plan; collects the earliest moment at which a postponed step is due.
struct Planner {
  let desired: DesiredPod
  let observed: Observed
  let now: Int64
  var wakeUpAt: Int64?

  init(desired: DesiredPod, observed: Observed, now: Int64) {
    self.desired = desired
    self.observed = observed
    self.now = now
  }

  var pod: Pod { desired.pod }

  func act(_ action: PodAction) -> Decision { Decision(action: action, wakeUpAt: wakeUpAt) }
  func wait() -> Decision { Decision(wakeUpAt: wakeUpAt) }

  mutating func wake(at moment: Int64) { wakeUpAt = min(wakeUpAt ?? moment, moment) }

  /// Whether a step may be tried: it did not fail lately.
  mutating func mayTry(_ subject: FailureSubject) -> Bool {
    guard let failure = observed.failures[subject], failure.retryAt > now else { return true }
    wake(at: failure.retryAt)
    return false
  }

  mutating func run() -> Decision {
    if let decision = deadline() { return decision }
    let phase = PodPhase.of(pod, observed)
    if phase.isTerminal {
      return act(.terminate(Termination(startedAt: now, grace: pod.gracePeriod, removes: false)))
    }
    let sick = sickContainers()
    if !sick.isEmpty {
      return mayTry(.stop) ? act(.stopContainers(stages: [sick])) : wait()
    }
    if let decision = sandbox() { return decision }
    if observed.sandbox?.isReady == true, let decision = start() { return decision }
    if let old = surplus(), mayTry(.tearDown) { return act(.removeContainer(old)) }
    return wait()
  }

  /// activeDeadlineSeconds counts from the first time the kubelet saw the pod.
  private mutating func deadline() -> Decision? {
    guard let seconds = pod.spec.activeDeadlineSeconds else { return nil }
    let at = observed.startedAt.adding(.seconds(seconds))
    guard now >= at else {
      wake(at: at)
      return nil
    }
    return act(
      .terminate(
        Termination(
          startedAt: now, grace: pod.gracePeriod, removes: false, reason: "DeadlineExceeded",
          message: "Pod was active on the node longer than the specified deadline")))
  }

  private func sickContainers() -> [ContainerStop] {
    observed.live.compactMap { run in
      guard let illness = run.illness else { return nil }
      let (cause, grace): (ContainerStop.Cause, Int64?) =
        switch illness {
        case .liveness(let grace): (.liveness, grace)
        case .startup(let grace): (.startup, grace)
        case .postStart: (.postStart, nil)
        }
      return stop(run, deadline: now.adding(.seconds(grace ?? pod.gracePeriod)), cause: cause)
    }
  }

  func stop(_ run: ContainerInstance, deadline: Int64, cause: ContainerStop.Cause) -> ContainerStop {
    let hasHook = pod.container(named: run.name)?.container.lifecycle?.preStop != nil
    return ContainerStop(
      id: run.id, name: run.name, deadline: deadline,
      runsPreStop: hasHook && run.status.state == .running && deadline > now && !observed.preStopStarted.contains(run.id),
      cause: cause)
  }

  /// Makes sure there is exactly one ready sandbox when something must run in it; nil when there is.
  private mutating func sandbox() -> Decision? {
    let current = observed.sandbox
    if let stale = observed.sandboxes.first(where: { !$0.isStopped && ($0.status.id != current?.status.id || !$0.isReady) }) {
      return mayTry(.stop) ? act(.stopSandbox(stale.status.id)) : wait()
    }
    if current?.isReady == true {
      // An adopted pod: volumes are looked after again before anything new starts, running containers do not notice.
      if observed.areVolumesReady { return nil }
      return mayTry(.volumes) ? act(.prepare) : wait()
    }
    guard needsSandbox() else { return nil }
    if !observed.areVolumesReady { return mayTry(.volumes) ? act(.prepare) : wait() }
    let attempt = current.map { $0.status.metadata.attempt.next } ?? 0
    return mayTry(.sandbox) ? act(.runSandbox(attempt: attempt)) : wait()
  }

  /// A pod that already ran and whose containers may not start again gets no new sandbox. Source: kubelet computePodActions.
  private func needsSandbox() -> Bool {
    if observed.sandbox != nil, pod.restartPolicy == .never, !observed.containers.isEmpty,
      observed.containers.values.contains(where: { !$0.isEmpty })
    {
      return false
    }
    return pod.spec.containers.contains { container in
      guard let run = observed.latest(container.name), run.hasExited else { return true }
      return RestartPolicy.restarts(container, role: .app, in: pod, exitCode: run.status.exitCode)
    }
  }

  /// Keeps the newest run and the one before it (`lastState`); older ones only fill the disk.
  private func surplus() -> ContainerID? {
    for (container, _) in pod.allContainers {
      let runs = observed.containers[container.name] ?? []
      if runs.count > 2, let oldest = runs.first, !oldest.isLive { return oldest.id }
    }
    return nil
  }
}
