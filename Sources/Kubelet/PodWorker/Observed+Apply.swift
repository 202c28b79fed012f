internal import KubeModel
internal import RuntimeAPI

extension Observed {
  /// Folds one event in. Events may come twice or late: a container's state only moves forward.
  mutating func apply(_ event: PodEvent, pod: Pod) {
    switch event {
    case .desired, .wake, .nodeChanged, .actionEnded, .reread, .unreadable, .overview: break
    // The pod may have another version since the step began.
    case .image(let name, let reference, let image):
      if pod.container(named: name)?.container.image == reference { images[name] = image }
    case .retryNow: for subject in failures.keys { failures[subject]?.retryAt = 0 }
    case .terminate(let termination):
      if self.termination == nil { self.termination = termination } else { self.termination?.merge(termination) }
    case .listed(let state): list(state, pod: pod)
    case .sandbox(let status): see(status)
    case .sandboxStopped(let id):
      updateSandbox(id) {
        $0.isStopped = true; $0.status.state = .notReady
      }
    case .sandboxRemoved(let id):
      sandboxes.removeAll { $0.status.id == id }
      for (name, runs) in containers { containers[name] = runs.filter { $0.status.sandboxID != id } }
      prune()
    case .container(let status): see(status, pod: pod)
    case .containerRemoved(let id):
      for (name, runs) in containers { containers[name] = runs.filter { $0.id != id } }
      prune()
    case .postStart(let id, let succeeded):
      update(id) { if succeeded { $0.isPastPostStart = true } else { $0.illness = .postStart } }
    case .preStopStarted(let id): preStopStarted.insert(id)
    case .terminationMessage(let id, let text): update(id) { $0.terminationMessage = text }
    case .probe(let id, let kind, let verdict): see(id, kind, verdict, pod: pod)
    case .volumesReady(let volumes): areVolumesReady = volumes == pod.spec.volumes
    case .volumesRefreshed(let version): volumeVersions.done = max(volumeVersions.done, version)
    case .resized(let version): resizeVersions.done = max(resizeVersions.done, version)
    case .replace(let id): update(id) { if $0.isLive, $0.illness == nil { $0.illness = .resize } }
    case .resizePending(let pending): pendingResize = pending
    case .tornDown:
      isTornDown = true
      areVolumesReady = false
    case .directoriesRemoved: areDirectoriesRemoved = true
    }
    refresh(pod)
  }

  /// Counts a failure and plans its retry. Returns whether it is new (another reason or message than before): then it is worth an event.
  mutating func fail(_ subject: FailureSubject, _ error: KubeletError, now: Int64) -> Bool {
    let old = failures[subject]
    let count = (old?.count ?? 0) + 1
    let isImage = error.code == .image
    let delay = isImage ? Failure.imageDelay(afterFailures: count) : Failure.delay(afterFailures: count)
    var failure = Failure(reason: error.reason, message: error.description, count: count, retryAt: now.adding(delay), failedAt: now)
    if isImage, ImagePull.retried.contains(error.reason) {
      failure.waitingReason = "ImagePullBackOff"
      failure.waitingMessage = "Back-off pulling image: \(error.description)"
    }
    failures[subject] = failure
    return old == nil || old?.reason != failure.reason || old?.message != failure.message
  }

  mutating func succeed(_ subject: FailureSubject) { failures[subject] = nil }

  private mutating func list(_ state: PodRuntimeState, pod: Pod) {
    let sandboxIDs = Set(state.sandboxes.map(\.id))
    let containerIDs = Set(state.containers.map(\.id))
    sandboxes.removeAll { !sandboxIDs.contains($0.status.id) && $0.seen <= state.since }
    for (name, runs) in containers {
      containers[name] = runs.filter { containerIDs.contains($0.id) || $0.seen > state.since }
    }
    for status in state.sandboxes { see(status) }
    for status in state.containers { see(status, pod: pod) }
    prune()
  }

  private mutating func updateSandbox(_ id: SandboxID, _ change: (inout SandboxInstance) -> Void) {
    if let index = sandboxes.firstIndex(where: { $0.status.id == id }) { change(&sandboxes[index]) }
  }

  private mutating func see(_ status: SandboxStatus) {
    let ips = status.ip.isEmpty ? [] : [status.ip] + status.additionalIPs
    if !ips.isEmpty { podIPs = ips }
    if let index = sandboxes.firstIndex(where: { $0.status.id == status.id }) {
      if sandboxes[index].status.state == .notReady && status.state == .ready { return }  // late news
      sandboxes[index].status = status
    } else {
      news += 1
      sandboxes.append(SandboxInstance(status: status, seen: news))
      sandboxes.sort { ($0.status.metadata.attempt, $0.status.createdAt) < ($1.status.metadata.attempt, $1.status.createdAt) }
    }
  }

  private mutating func see(_ status: RuntimeAPI.ContainerStatus, pod: Pod) {
    let name = status.metadata.name
    var runs = containers[name] ?? []
    if let index = runs.firstIndex(where: { $0.id == status.id }) {
      guard rank(status.state) >= rank(runs[index].status.state) else { return }
      runs[index].status = status
      if status.state == .exited, runs[index].endedAt == 0 { runs[index].endedAt = reading.moment(ofDate: status.finishedAt) }
    } else {
      news += 1
      var run = ContainerInstance(status: status)
      run.restartsWithAll = restartingRuns[status.id]
      run.isReplaced = run.restartsWithAll != nil
      run.seen = news
      if status.state == .exited { run.endedAt = reading.moment(ofDate: status.finishedAt) }
      runs.append(run)
      runs.sort { ($0.attempt, $0.status.createdAt) < ($1.attempt, $1.status.createdAt) }
    }
    containers[name] = runs
  }

  private func rank(_ state: RuntimeAPI.ContainerState) -> Int {
    switch state {
    case .created: 0
    // The runtime may lose sight of a container and find it again.
    case .unknown, .running: 1
    case .exited: 2
    }
  }

  private mutating func see(_ id: ContainerID, _ kind: ProbeKind, _ verdict: ProbeVerdict, pod: Pod) {
    update(id) { run in
      guard run.isLive, let container = pod.container(named: run.name)?.container else { return }
      switch (kind, verdict) {
      case (.startup, .success): run.isStarted = true
      case (.startup, .failure):
        run.illness = .startup(grace: container.startupProbe?.terminationGracePeriodSeconds.map(Int64.init))
      case (.liveness, .success): break
      case (.liveness, .failure):
        run.illness = .liveness(grace: container.livenessProbe?.terminationGracePeriodSeconds.map(Int64.init))
      case (.readiness, _): run.isReady = verdict == .success
      }
    }
  }

  /// What was remembered of runs that are gone is not needed any more.
  private mutating func prune() {
    for name in containers.keys where containers[name]?.isEmpty == true { containers[name] = nil }
    let ids = Set(containers.values.joined().map(\.id))
    failures = failures.filter { subject, _ in
      switch subject {
      case .kill(let id), .hook(let id): ids.contains(id)
      default: true
      }
    }
    if !preStopStarted.isEmpty { preStopStarted.formIntersection(ids) }
    if !restartingRuns.isEmpty { restartingRuns = restartingRuns.filter { ids.contains($0.key) } }
  }

  /// Facts that follow from others: no startup probe means started, an exit ends readiness.
  private mutating func refresh(_ pod: Pod) {
    restartAll(pod)
    for (container, role) in pod.allContainers {
      guard let runs = containers[container.name] else { continue }
      for index in runs.indices {
        var run = runs[index]
        if run.isLive {
          if container.lifecycle?.postStart == nil { run.isPastPostStart = true }
          if container.startupProbe == nil, run.isPastPostStart { run.isStarted = true }
          if container.readinessProbe == nil { run.isReady = run.isStarted }
        } else {
          run.isReady = false
          run.illness = nil
          if role != .initialization { run.isStarted = false }
        }
        containers[container.name]![index] = run
      }
    }
    if !wasInitialized { wasInitialized = pod.initContainers.allSatisfy { isInitialized($0) } }
  }

  /// A container exited whose rule asks to begin the pod anew, in its sandbox: every run is replaced by another. Source: KEP-5532.
  private mutating func restartAll(_ pod: Pod) {
    if termination != nil { return }
    let source = pod.allContainers.first { container, _ in
      guard let run = current(container.name), run.hasExited, !run.isReplaced else { return false }
      return RestartPolicy.rule(of: container, after: run) == .restartAllContainers
    }
    guard let source else { return }
    wasInitialized = false
    for (container, _) in pod.allContainers {
      guard let run = current(container.name) else { continue }
      let role: ContainerInstance.RestartsWithAll =
        container.name == source.container.name ? .source : run.isLive ? .running : run.restartsWithAll ?? .ended
      restartingRuns[run.id] = role
      update(run.id) { run in
        (run.restartsWithAll, run.isReplaced) = (role, true)
        if run.isLive { run.illness = .restartAll }
      }
    }
  }

  /// An init container that no longer holds back what comes after it.
  func isInitialized(_ container: Container) -> Bool {
    guard let run = current(container.name) else { return false }
    if run.restartsWithAll != nil { return false }
    return container.isSidecar ? run.isStarted || (wasInitialized && run.hasExited) : run.hasExited && run.status.exitCode == 0
  }
}
