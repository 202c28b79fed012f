internal import KubeModel
internal import Logging
internal import RuntimeAPI
internal import Store

/// Owns one pod from its first sight to its last trace: one mailbox, one action at a time, its probes, its status.
actor PodWorker {
  private let services: PodServices
  private let logger: Logger
  private let mailbox: AsyncStream<PodEvent>
  private let post: AsyncStream<PodEvent>.Continuation
  /// Called with every change of the pod's status.
  private let publish: @Sendable (Pod) -> Void

  private var pod: Pod
  private var observed: Observed
  private var status: PodStatus
  private var action: (sequence: Int, action: PodAction, task: Task<Void, Never>)?
  private var nextSequence = 1
  private var timer: (at: Int64, task: Task<Void, Never>)?
  private var probes: [ProbeKey: Task<Void, Never>] = [:]
  private var messageReads: Set<ContainerID> = []
  private var savedRecord: PodRecord?

  /// - Parameter observed: what is known already: a fresh start, or an adopted pod.
  init(
    _ pod: Pod, observed: Observed, status: PodStatus = PodStatus(), services: PodServices, logger: Logger,
    publish: @escaping @Sendable (Pod) -> Void
  ) {
    self.pod = pod
    self.observed = observed
    self.status = status
    self.services = services
    self.publish = publish
    var logger = logger
    logger[metadataKey: "pod.uid"] = "\(pod.podUID)"
    logger[metadataKey: "pod.namespace"] = "\(pod.namespaceName)"
    logger[metadataKey: "pod.name"] = "\(pod.podName)"
    self.logger = logger
    (mailbox, post) = AsyncStream.makeStream(of: PodEvent.self)
  }

  nonisolated func send(_ event: PodEvent) { post.yield(event) }

  /// Returns when nothing of the pod is left, or when the task is cancelled: then the pod runs on.
  func run() async {
    if observed.startedAt == 0 { observed.startedAt = services.clock.now() }
    observed.apply(.wake, pod: pod)
    save()
    var isFinished = step()
    if !isFinished {
      for await event in mailbox {
        handle(event)
        if step() {
          isFinished = true
          break
        }
      }
    }
    await stopChildren()
    logger.debug("Worker ended", metadata: ["finished": "\(isFinished)"])
  }

  private func handle(_ event: PodEvent) {
    switch event {
    case .desired(let new): pod = new
    case .terminate:
      let old = observed.termination
      observed.apply(event, pod: pod)
      if let reason = observed.termination?.reason, old?.reason == nil {
        services.events.record(.warning, reason, pod, observed.termination?.message ?? "")
      }
      // What runs was planned for another end: a start is given up, a stop is repeated with less grace.
      if old != observed.termination { abandon() }
      return
    case .actionEnded(let sequence, let error):
      guard let current = action, current.sequence == sequence else { return }
      action = nil
      finish(current.action, error)
      return
    case .wake: timer = nil
    case .probe(let id, let kind, let verdict):
      logger.info(
        "Probe verdict", metadata: ["container.id": "\(id)", "probe": "\(kind.rawValue)", "verdict": "\(verdict.rawValue)"])
    default: break
    }
    observed.apply(event, pod: pod)
  }

  private func abandon() {
    guard let current = action else { return }
    switch current.action {
    case .startContainer, .stopContainers:
      current.task.cancel()
      // A start still ends by itself and reports what it made; only its waiting hook is cut short.
      if case .stopContainers = current.action { action = nil }
    default: break
    }
  }

  private func finish(_ done: PodAction, _ error: KubeletError?) {
    guard let error else {
      observed.succeed(done.subject)
      return
    }
    if observed.termination != nil, case .startContainer = done { return }
    if error.code == .hook {
      observed.succeed(done.subject)
      return
    }
    let isNew = observed.fail(done.subject, error, now: services.clock.now())
    guard isNew else {
      logger.debug("Step failed again", metadata: ["reason": "\(error.reason)"])
      return
    }
    if case .startContainer(let name, _, _) = done {
      if error.code == .image {
        services.events.record(.warning, "Failed", pod, container: name, "Error: \(error.reason)")
      }
    } else {
      services.events.record(.warning, error.reason.isEmpty ? "FailedSync" : error.reason, pod, error.description)
    }
  }

  /// Plans, acts, and brings probes, status and record up to date. Returns whether the worker is done.
  private func step() -> Bool {
    let now = services.clock.now()
    let desired = DesiredPod(pod: pod, maxRestartPeriod: services.maxRestartPeriod)
    var decision = PodPlan.nextAction(desired, observed, now: now)
    if action == nil {
      if case .terminate(let termination)? = decision.action {
        handle(.terminate(termination))
        decision = PodPlan.nextAction(desired, observed, now: now)
      }
      if let next = decision.action { begin(next, now: now) }
    }
    wake(at: decision.wakeUpAt)
    reconcileProbes()
    readMessages()
    publishStatus(now)
    save()
    return decision.isFinished && action == nil
  }

  private func begin(_ next: PodAction, now: Int64) {
    noteBackoff(next)
    observed.begin(next, limit: services.maxRestartPeriod, now: now)
    let sequence = nextSequence
    nextSequence += 1
    let post = post
    let actions = PodActions(services: services, pod: pod, observed: observed) { post.yield($0) }
    logger.debug("Action", metadata: ["action": "\(next)"])
    let task = Task {
      do throws(KubeletError) {
        try await actions.perform(next)
        post.yield(.actionEnded(sequence, nil))
      } catch {
        post.yield(.actionEnded(sequence, error))
      }
    }
    action = (sequence, next, task)
  }

  /// A restart after a crash is worth a line: source, kubelet's BackOff event.
  private func noteBackoff(_ next: PodAction) {
    guard case .startContainer(let name, _, _) = next, observed.backoffs[name] != nil, observed.current(name)?.hasExited == true
    else {
      return
    }
    services.events.record(
      .warning, "BackOff", pod, container: name, "Back-off restarting failed container \(name) in pod \(pod.formatted)")
  }

  private func wake(at moment: Int64?) {
    if timer?.at == moment { return }
    timer?.task.cancel()
    timer = moment.map { moment in
      let (clock, post) = (services.clock, post)
      return (
        moment,
        Task {
          do { try await clock.sleepUntil(moment) } catch { return }
          post.yield(.wake)
        }
      )
    }
  }

  private func reconcileProbes() {
    let wanted = ProbeSet.wanted(pod, observed)
    for (key, task) in probes where wanted[key] == nil {
      task.cancel()
      probes[key] = nil
    }
    let podIP = pod.probeAddress(podIPs: observed.podIPs, node: services.node)
    for (key, (container, probe)) in wanted where probes[key] == nil {
      let (post, events, pod) = (post, services.events, pod)
      let prober = Prober(runtime: services.runtime, group: services.group)
      let loop = ProbeLoop(
        kind: key.kind, probe: probe, startedAt: observed.instance(key.container)?.status.startedAt ?? 0, clock: services.clock,
        attempt: { await prober.run(probe, container, id: key.container, podIP: podIP) },
        report: { post.yield(.probe(key.container, key.kind, $0)) },
        note: { result in
          switch result {
          case .success: break
          case .warning(let text):
            events.record(.warning, "ProbeWarning", pod, container: container.name, "\(key.kind.rawValue) probe warning: \(text)")
          case .failure(let text):
            events.record(.warning, "Unhealthy", pod, container: container.name, "\(key.kind.rawValue) probe failed: \(text)")
          case .error(let text):
            events.record(
              .warning, "Unhealthy", pod, container: container.name,
              "\(key.kind.rawValue) probe errored and resulted in unknown state: \(text)")
          }
        })
      probes[key] = Task { await loop.run() }
    }
  }

  /// Reads what ended containers left behind, once for each.
  private func readMessages() {
    for run in observed.containers.values.flatMap({ $0 }) where run.hasExited && run.terminationMessage == nil {
      guard messageReads.insert(run.id).inserted, let container = pod.container(named: run.name)?.container else { continue }
      let file = services.paths(pod).terminationLog(run.name, attempt: run.attempt)
      let log = run.status.logPath.isEmpty ? nil : run.status.logPath
      let (post, id, exitCode, count) = (post, run.id, run.status.exitCode, pod.allContainers.count)
      let fallsBack = container.messageFallsBackToLogs
      Task {
        let text = try? await Deadline.run("reading a termination message", seconds: 10) { () throws(KubeletError) in
          TerminationMessage.read(file: file, log: log, fallsBack: fallsBack, exitCode: exitCode, containers: count)
        }
        post.yield(.terminationMessage(id, text ?? ""))
      }
    }
  }

  private func publishStatus(_ now: Int64) {
    let context = StatusContext(runtimeName: services.runtimeName, hostIPs: services.node.hostIPs)
    let new = PodStatusBuilder.status(pod, observed, context: context, previous: status, now: now)
    if new != status || pod.status != new {
      status = new
      pod.status = new
      publish(pod)
    }
  }

  private func save() {
    var record = PodRecord(pod: pod, observed: observed)
    // Phase and transition times are remembered; the rest of a status is computed anew.
    record.pod.status = PodStatus(conditions: status.conditions, phase: status.phase)
    if record == savedRecord || observed.areDirectoriesRemoved { return }
    do {
      try services.records.put(record, id: pod.podUID.rawValue)
      savedRecord = record
    } catch {
      logger.error("The pod's record cannot be saved", metadata: ["error": "\(error)"])
    }
  }

  private func stopChildren() async {
    timer?.task.cancel()
    for probe in probes.values { probe.cancel() }
    action?.task.cancel()
    for probe in probes.values { await probe.value }
    post.finish()
  }
}
