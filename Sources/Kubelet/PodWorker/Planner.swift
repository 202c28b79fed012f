internal import KubeModel
internal import RuntimeAPI

/// One run of the plan; collects the earliest moment at which a postponed step is due.
struct Planner {
  let pod: Pod
  let observed: Observed
  let now: Int64
  let busy: Set<FailureSubject>
  var wakeUpAt: Int64?
  var beside: [PodAction] = []

  init(pod: Pod, observed: Observed, now: Int64, busy: Set<FailureSubject>) {
    (self.pod, self.observed, self.now, self.busy) = (pod, observed, now, busy)
  }

  func act(_ action: PodAction) -> Decision { Decision(action: action, beside: beside, wakeUpAt: wakeUpAt) }
  func wait() -> Decision { Decision(beside: beside, wakeUpAt: wakeUpAt) }

  /// Something that goes on beside the next action, unless it does already.
  mutating func aside(_ action: PodAction) {
    if !busy.contains(action.subject), mayTry(action.subject) { beside.append(action) }
  }

  mutating func wake(at moment: Int64) { wakeUpAt = min(wakeUpAt ?? moment, moment) }

  /// Whether a step may be tried: it did not fail lately.
  mutating func mayTry(_ subject: FailureSubject) -> Bool {
    guard let failure = observed.failures[subject], failure.retryAt > now else { return true }
    wake(at: failure.retryAt)
    // Then a reader sees that it waits.
    if failure.waitingReason != nil, failure.waitsFrom > now { wake(at: failure.waitsFrom) }
    return false
  }

  mutating func run() -> Decision {
    if let decision = deadline() { return decision }
    let phase = PodPhase.of(pod, observed)
    if phase.isTerminal {
      return Decision(termination: Termination(startedAt: now, grace: pod.gracePeriod, removes: false))
    }
    for sick in sickContainers() { aside(.killContainer(sick)) }
    if observed.areVolumesReady, observed.volumeVersions.done < observed.volumeVersions.wanted {
      aside(.refreshVolumes(version: observed.volumeVersions.wanted))
    }
    if observed.resizeVersions.done < observed.resizeVersions.wanted, !observed.live.isEmpty {
      aside(.resize(version: observed.resizeVersions.wanted))
    }
    if let decision = sandbox() { return decision }
    if observed.sandbox?.isReady == true, let decision = start() { return decision }
    if let old = surplus() { return mayTry(.tearDown) ? act(old) : wait() }
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
    return Decision(
      termination: Termination(
        startedAt: now, grace: pod.gracePeriod, removes: false, reason: "DeadlineExceeded",
        message: "Pod was active on the node longer than the specified deadline"))
  }

  private func sickContainers() -> [ContainerStop] {
    observed.live.compactMap { run in
      let (cause, grace): (ContainerStop.Cause, Int64?)
      switch run.illness {
      case .liveness(let limit): (cause, grace) = (.liveness, limit)
      case .startup(let limit): (cause, grace) = (.startup, limit)
      case .postStart: (cause, grace) = (.postStart, nil)
      case .resize: (cause, grace) = (.changed, nil)
      case .restartAll: (cause, grace) = (.restartAll, 0)
      case nil where run.status.state == .unknown: (cause, grace) = (.unknown, nil)
      case nil:
        guard let other = difference(run) else { return nil }
        (cause, grace) = (other, nil)
      }
      return stop(run, deadline: now.adding(.seconds(grace ?? pod.gracePeriod)), cause: cause)
    }
  }

  /// Whether the pod wants this container no more, or wants another version of it. Source: kubelet `containerChanged`.
  private func difference(_ run: ContainerInstance) -> ContainerStop.Cause? {
    guard let (container, role) = pod.container(named: run.name) else { return .removed }
    guard role != .initialization, let hash = run.status.annotations[Labels.hash] else { return nil }
    return hash == String(Labels.hash(of: container), radix: 16) ? nil : .changed
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
      return RestartPolicy.restarts(container, role: .app, in: pod, after: run)
    }
  }

  /// Keeps the newest run and the one before it (`lastState`); older ones only fill the disk.
  private func surplus() -> PodAction? {
    for (name, runs) in observed.containers.sorted(by: { $0.key < $1.key }) {
      guard let oldest = runs.first, !oldest.isLive else { continue }
      if runs.count > 2 || pod.container(named: name) == nil { return .removeContainer(oldest.id) }
    }
    // A sandbox before the present one that has none of the runs a status shows.
    for old in observed.sandboxes.dropLast() where old.isStopped {
      let isNeeded = observed.containers.values.contains { runs in
        runs.suffix(2).contains { $0.status.sandboxID == old.status.id }
      }
      if !isNeeded { return .removeSandbox(old.status.id) }
    }
    return nil
  }
}
