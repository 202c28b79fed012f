internal import KubeModel
internal import Logging
internal import RuntimeAPI

/// Owns one pod from its first sight to its last trace: one mailbox; one ordering action at a time, and beside it what concerns one
/// container alone.
actor PodWorker {
  private typealias Running = (sequence: Int, action: PodAction, task: Task<Void, Never>)

  private let services: PodServices
  private let logger: Logger
  private let mailbox = Mailbox<PodEvent>()

  private var pod: Pod
  private let desired: Pod?
  private var observed: Observed
  private var journal: WorkerJournal
  private var probes: WorkerProbes
  private var logs: WorkerLogs
  private var action: Running?
  private var beside: [FailureSubject: Running] = [:]
  private var nextSequence = 1
  private var timer: WorkerTimer
  private var reading: WorkerReading
  private var messages: WorkerMessages
  private var backoffs = WorkerBackoffs()

  /// - Parameters:
  ///   - desired: what is wanted of an adopted pod now; nil: what it was.
  ///   - observed: what is known already: a fresh start, or an adopted pod.
  ///   - publish: called with every change of the pod's status.
  init(
    _ pod: Pod, desired: Pod? = nil, observed: Observed, status: PodStatus = PodStatus(), services: PodServices, logger: Logger,
    publish: @escaping @Sendable (Pod) -> Void
  ) {
    self.pod = pod
    self.desired = desired
    self.observed = observed
    self.services = services
    journal = WorkerJournal(services, status: status, publish: publish)
    let report: @Sendable (PodEvent) -> Void = { [mailbox] in mailbox.send($0) }
    probes = WorkerProbes(services, report: report)
    logs = WorkerLogs(services)
    timer = WorkerTimer(services.clock, report: report)
    reading = WorkerReading(services, pod.podUID, report: report)
    messages = WorkerMessages(services, report: report)
    var logger = logger
    logger[metadataKey: "pod.uid"] = "\(pod.podUID)"
    logger[metadataKey: "pod.namespace"] = "\(pod.namespaceName)"
    logger[metadataKey: "pod.name"] = "\(pod.podName)"
    self.logger = logger
  }

  nonisolated func send(_ event: PodEvent) { mailbox.send(event) }

  /// Returns when nothing of the pod is left, or when the task is cancelled: then the pod runs on.
  func run() async {
    if observed.startedAt == 0 {
      observed.startedAt = services.clock.now()
      observed.startDate = services.clock.wall()
    }
    observed.apply(.wake, pod: pod)
    // Before the first decision: what was wanted once may be over by its own rules.
    if let desired { adopt(desired) }
    journal.write(pod)
    var isFinished = step()
    while !isFinished, let events = await mailbox.take() {
      for event in events { handle(event) }
      isFinished = step()
    }
    await stopChildren()
    logger.debug("Worker ended", metadata: ["finished": "\(isFinished)"])
  }

  // MARK: Events

  private func handle(_ event: PodEvent) {
    observed.reading = services.clock.reading
    switch event {
    case .desired(let new): adopt(new)
    case .terminate:
      let old = observed.termination
      observed.apply(event, pod: pod)
      if let reason = observed.termination?.reason, old?.reason == nil {
        services.events.record(.warning, reason, pod, observed.termination?.message ?? "")
      }
      if let new = observed.termination { abandon(isFirst: old == nil, old?.deadline, new.deadline) }
      return
    case .actionEnded(let sequence, let error):
      if let current = action, current.sequence == sequence {
        action = nil
        finish(current.action, error)
      } else if let (subject, done) = beside.first(where: { $0.value.sequence == sequence }) {
        beside[subject] = nil
        finish(done.action, error)
      }
      return
    case .wake: timer.fired()
    case .reread: reading.begin(since: observed.news)
    case .unreadable: reading.failed(since: observed.news)
    case .listed: reading.ended(since: observed.news)
    case .overview(let overview): if !overview.agrees(with: observed) { reading.begin(since: observed.news) }
    case .probe(let id, let kind, let verdict):
      logger.info(
        "Probe verdict", metadata: ["container.id": "\(id)", "probe": "\(kind.rawValue)", "verdict": "\(verdict.rawValue)"])
    default: break
    }
    observed.apply(event, pod: pod)
  }

  private func adopt(_ new: Pod) {
    if pod.metadata == new.metadata, pod.spec == new.spec { return }
    // What is new among the volumes is set up before anything starts; the others are looked after again.
    if pod.spec.volumes != new.spec.volumes { observed.areVolumesReady = false }
    for name in Set(pod.allContainers.map(\.container.name)) {
      if pod.container(named: name)?.container.image != new.container(named: name)?.container.image {
        observed.images[name] = nil
        observed.succeed(.image(name))
        observed.succeed(.container(name))
      }
    }
    if pod.metadata.labels != new.metadata.labels || pod.metadata.annotations != new.metadata.annotations {
      observed.volumeVersions.wanted += 1
    }
    if PodResize.isWanted(pod, new) {
      observed.resizeVersions.wanted += 1
      // A volume in memory is as large as the limits allow.
      observed.volumeVersions.wanted += 1
      observed.succeed(.resize)
    }
    pod = new
    journal.write(pod)
    journal.invalidate()
  }

  /// What runs was planned for another end: images and hooks of starts are given up, a stop is repeated if there is less time for it.
  private func abandon(isFirst: Bool, _ old: Int64?, _ deadline: Int64) {
    for (subject, running) in beside {
      switch running.action {
      case .pullImage, .postStart: running.task.cancel()
      case .killContainer(let item) where item.deadline > deadline:
        running.task.cancel()
        beside[subject] = nil
      default: break
      }
    }
    guard let current = action else { return }
    switch current.action {
    case .startContainer where isFirst:
      // Not waited for: it may hang in a call that nobody can give up. What it made is removed with the sandbox.
      current.task.cancel()
      action = nil
    case .stopContainers where old.map({ deadline < $0 }) == true:
      current.task.cancel()
      action = nil
    default: break
    }
  }

  private func finish(_ done: PodAction, _ error: KubeletError?) {
    guard let error else {
      observed.succeed(done.subject)
      return
    }
    if case .postStart(_, let name) = done {
      // Nothing to retry: the container is killed for it, and readers see why until it starts again.
      observed.failures[.container(name)] = Failure(reason: error.reason, message: error.description, count: 1, retryAt: 0)
      return
    }
    if observed.termination != nil {
      switch done {
      case .startContainer, .pullImage: return
      default: break
      }
    }
    let isNew = observed.fail(done.subject, error, now: services.clock.now())
    guard isNew else {
      logger.debug("Step failed again", metadata: ["reason": "\(error.reason)"])
      return
    }
    switch done {
    case .startContainer: break
    case .pullImage(let name): services.events.record(.warning, "Failed", pod, container: name, "Error: \(error.reason)")
    default: services.events.record(.warning, error.reason.isEmpty ? "FailedSync" : error.reason, pod, error.description)
    }
  }

  // MARK: Acting

  /// Plans, acts, and brings probes, status and record up to date. Returns whether the worker is done.
  private func step() -> Bool {
    let clock = services.clock.reading
    observed.reading = clock
    var decision = plan(clock.now)
    // A deadline (it has a reason) also while an action is under way: one that hangs holds it up no longer. A pod that came to its own end
    // lets the action end first.
    if let termination = decision.termination, action == nil || termination.reason != nil {
      handle(.terminate(termination))
      decision = plan(clock.now)
    }
    if action == nil, let next = decision.action { begin(next, now: clock.now) }
    for next in decision.beside where beside[next.subject] == nil { begin(next, now: clock.now) }
    timer.wake(at: decision.wakeUpAt)
    probes.reconcile(pod, observed)
    logs.reconcile(pod, observed)
    messages.read(pod, observed)
    backoffs.tell(pod, observed, starting: starting, now: clock.now, to: services.events)
    journal.write(&pod, observed, reading: clock)
    return decision.isFinished && action == nil
  }

  private func plan(_ now: Int64) -> Decision {
    var busy = Set(beside.keys)
    // Its image was used up by the start that is under way; the next start asks for it again.
    if let starting { busy.insert(.image(starting)) }
    return PodPlan.nextAction(pod, observed, now: now, busy: busy)
  }

  /// The container whose start is under way.
  private var starting: String? {
    if case .startContainer(let name, _, _)? = action?.action { name } else { nil }
  }

  private func begin(_ next: PodAction, now: Int64) {
    if case .removeDirectories = next { journal.close() }
    let actions = PodActions(services: services, pod: pod, observed: observed) { [mailbox] in mailbox.send($0) }
    observed.begin(next, limit: services.maxRestartPeriod, now: now)
    let sequence = nextSequence
    nextSequence += 1
    let mailbox = mailbox
    logger.debug("Action", metadata: ["action": "\(next)"])
    let task = Task {
      do throws(KubeletError) {
        try await actions.perform(next)
        mailbox.send(.actionEnded(sequence, nil))
      } catch {
        mailbox.send(.actionEnded(sequence, error))
      }
    }
    switch next {
    case .pullImage, .postStart, .killContainer, .refreshVolumes, .resize: beside[next.subject] = (sequence, next, task)
    default: action = (sequence, next, task)
    }
  }

  /// Actions are left alone: what they do to the pod goes on, and the next agent continues from what it finds. Cancelling one would end a
  /// hook of a pod that has nothing to do with the agent's own end.
  private func stopChildren() async {
    timer.cancel()
    reading.cancel()
    for probe in probes.cancel() { await probe.value }
    mailbox.close()
  }
}
