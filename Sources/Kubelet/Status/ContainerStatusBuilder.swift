internal import KubeModel
internal import RuntimeAPI

/// One container's status. Source: kubelet `convertToAPIContainerStatuses`.
struct ContainerStatusBuilder {
  let pod: Pod
  let observed: Observed
  let context: StatusContext
  let now: Int64

  func status(_ container: Container, role: ContainerRole) -> KubeModel.ContainerStatus {
    let runs = observed.containers[container.name] ?? []
    let latest = runs.last
    var status = KubeModel.ContainerStatus(
      image: container.image ?? "", imageID: "", name: container.name, ready: false,
      restartCount: Int32(clamping: latest?.attempt ?? 0))
    status.state = KubeModel.ContainerState()
    status.started = false
    if let latest, latest.status.state != .created, !latest.neverRan {
      fill(&status, from: latest)
      if runs.count > 1 { status.lastState = lastState(runs[runs.count - 2]) }
      switch latest.status.state {
      case .running, .unknown:
        status.state?.running = ContainerStateRunning(startedAt: Time(sinceEpoch: latest.status.startedAt))
        status.started = latest.isStarted
        status.ready = latest.isStarted && latest.isReady
        status.stopSignal = StopSignal.name(latest.status.stopSignal)
        status.user = latest.status.user.map {
          KubeModel.ContainerUser(
            linux: LinuxContainerUser(gid: Int($0.gid), uid: Int($0.uid), supplementalGroups: $0.supplementalGroups.map(Int.init)))
        }
      default:
        status.state?.terminated = terminated(latest)
        if role == .initialization { status.ready = latest.status.exitCode == 0 }
        if let waiting = waitingToRestart(container, role: role, latest) {
          status.lastState = status.state
          status.state = KubeModel.ContainerState(waiting: waiting)
        }
      }
    } else if let ended = runs.last(where: { $0.hasExited }) {
      fill(&status, from: ended)
      status.lastState = lastState(ended)
      status.state?.waiting = waiting(container)
    } else if observed.termination != nil {
      // Source: kubelet TerminatePod: what never started is reported as ended.
      status.state?.terminated = ContainerStateTerminated(
        exitCode: 137, message: "The container could not be located when the pod was terminated", reason: "ContainerStatusUnknown")
    } else {
      status.state?.waiting = waiting(container)
    }
    status.volumeMounts = container.volumeMounts.map { mounts in
      mounts.map { mount in
        VolumeMountStatus(
          mountPath: mount.mountPath, name: mount.name, readOnly: mount.readOnly,
          recursiveReadOnly: mount.readOnly == true ? (mount.isRecursivelyReadOnly ? "Enabled" : "Disabled") : nil)
      }
    }
    status.resources = container.resources.map { ResourceRequirements(limits: actuated($0.limits, latest), requests: $0.requests) }
    status.allocatedResources = container.resources?.requests
    return status
  }

  /// The limits that the container runs with: those of the spec, unless a resize is under way.
  private func actuated(_ limits: [String: Quantity]?, _ run: ContainerInstance?) -> [String: Quantity]? {
    guard var limits, let run, run.isLive, let has = run.status.resources else { return limits }
    if let memory = limits["memory"], has.memoryLimit > 0, has.memoryLimit != Int64(memory.value) {
      limits["memory"] = Quantity(Int(has.memoryLimit))
    }
    if let cpu = limits["cpu"], has.cpuQuota > 0, has.cpuPeriod > 0,
      CgroupValues.cpuQuota(milliCPU: cpu.milliValue, period: Int(has.cpuPeriod)).map(Int64.init) != has.cpuQuota
    {
      limits["cpu"] = Quantity(milli: Int(clamping: Int128(has.cpuQuota) * 1000 / Int128(has.cpuPeriod)))
    }
    return limits
  }

  private func fill(_ status: inout KubeModel.ContainerStatus, from run: ContainerInstance) {
    status.containerID = "\(context.runtimeName)://\(run.id)"
    status.image = run.status.image.userSpecifiedImage.isEmpty ? run.status.image.image : run.status.image.userSpecifiedImage
    status.imageID = run.status.imageRef
  }

  private func failure(_ container: Container) -> ContainerStateWaiting? {
    for subject in [FailureSubject.image(container.name), .container(container.name)] {
      guard let failure = observed.failures[subject], !failure.reason.isEmpty else { continue }
      let shown = failure.shown(now: now)
      return ContainerStateWaiting(message: shown.message, reason: shown.reason)
    }
    return nil
  }

  private func waiting(_ container: Container) -> ContainerStateWaiting {
    if let failure = failure(container) { return failure }
    let isInitializing = !pod.initContainers.isEmpty && !observed.wasInitialized
    return ContainerStateWaiting(reason: isInitializing ? "PodInitializing" : "ContainerCreating")
  }

  /// The state of a container that ended and is to start again but may not yet.
  private func waitingToRestart(_ container: Container, role: ContainerRole, _ run: ContainerInstance) -> ContainerStateWaiting? {
    guard observed.termination == nil,
      RestartPolicy.restarts(container, role: role, in: pod, after: run)
    else { return nil }
    // A back-off newer than the end is that of the restart under way: nothing is held back now.
    guard let backoff = observed.backoffs[container.name], backoff.updatedAt <= run.endedAt,
      CrashBackoff.notBefore(backoff, finishedAt: run.endedAt, now: now) != nil
    else { return failure(container) }
    return ContainerStateWaiting(
      message: "back-off \(GoDuration.text(backoff.delay)) restarting failed container=\(container.name) pod=\(pod.formatted)",
      reason: "CrashLoopBackOff")
  }

  private func lastState(_ run: ContainerInstance) -> KubeModel.ContainerState? {
    run.hasExited ? KubeModel.ContainerState(terminated: terminated(run)) : nil
  }

  private func terminated(_ run: ContainerInstance) -> ContainerStateTerminated {
    let message = run.terminationMessage ?? run.status.message
    return ContainerStateTerminated(
      exitCode: run.status.exitCode, containerID: "\(context.runtimeName)://\(run.id)",
      finishedAt: Time(sinceEpoch: run.status.finishedAt), message: message.isEmpty ? nil : message,
      reason: run.restartsWithAll == .running
        ? "RestartingAllContainers"
        : run.status.reason.isEmpty ? (run.status.exitCode == 0 ? "Completed" : "Error") : run.status.reason,
      startedAt: Time(sinceEpoch: run.status.startedAt))
  }
}
