internal import KubeModel
internal import RuntimeAPI

/// Says once for each wait that a container is held back. Source: kubelet's BackOff events.
struct WorkerBackoffs {
  /// The run of each container, or the failure of its image, whose wait was told.
  private var told: [FailureSubject: String] = [:]

  /// - Parameter starting: the container whose restart is under way: nothing holds it back.
  mutating func tell(_ pod: Pod, _ observed: Observed, starting: String?, now: Int64, to events: EventRecorder) {
    if observed.termination != nil { return }
    for (container, role) in pod.allContainers where container.name != starting {
      let name = container.name
      if let run = observed.current(name), run.hasExited, !run.isReplaced,
        CrashBackoff.notBefore(observed.backoffs[name], finishedAt: run.endedAt, now: now) != nil,
        RestartPolicy.restarts(container, role: role, in: pod, after: run)
      {
        let message = "Back-off restarting failed container \(name) in pod \(pod.formatted)"
        tell(.container(name), run.id.rawValue, pod, name, message, events)
      }
      if let failure = observed.failures[.image(name)], failure.waitingReason != nil, now >= failure.waitsFrom,
        now < failure.retryAt
      {
        tell(.image(name), "\(failure.count)", pod, name, "Back-off pulling image \"\(container.image ?? "")\"", events)
      }
    }
  }

  private mutating func tell(
    _ subject: FailureSubject, _ what: String, _ pod: Pod, _ container: String, _ message: String, _ events: EventRecorder
  ) {
    if told.updateValue(what, forKey: subject) != what {
      events.record(.warning, "BackOff", pod, container: container, message)
    }
  }
}
