internal import KubeModel
internal import Logging
internal import RuntimeAPI

/// Starts, feeds and ends the workers: one for each pod UID, one at a time for each pod name. What is wanted is in `PodDirectory`, whose
/// news is whose in `RuntimeRouter`, what an earlier agent left comes from `Adoption`. The state is for this file and its extensions.
actor PodSupervisor {
  struct Entry {
    let worker: PodWorker
    let task: Task<Void, Never>
    var pod: Pod
    var isEnding: Bool
  }

  let services: PodServices
  let logger: Logger
  let statuses: StatusPublisher
  nonisolated let progress = Progress("the pod supervisor")
  let maxPods: Int
  private let mailbox = Mailbox<Event>()

  var directory: PodDirectory
  var router = RuntimeRouter()
  var allocations = NodeAllocations()
  var workers: [PodUID: Entry] = [:]
  /// Which UID has a name now: of a worker, or of a pod that an earlier agent left.
  var names: [String: PodUID] = [:]
  var waiting = WaitingPods()
  /// Pods that run with other amounts of cpu and memory than they are to have, and why.
  var deferred: [PodUID: PodResize.Pending] = [:]
  /// Pods that run as they were, as this node would not start their new version, and why.
  var unfit: [PodUID: Admission.Refusal] = [:]
  var unclaimed = UnclaimedPods()
  /// What these left is being removed: none of them starts meanwhile.
  var sweeping: Set<PodUID> = []
  /// Directories are being listed.
  var isLooking = false
  var isStopping = false
  private var idle: [CheckedContinuation<Void, Never>] = []
  var tasks: [Task<Void, Never>] = []

  init(services: PodServices, sources: Set<String>, maxPods: Int, statuses: StatusPublisher, logger: Logger) {
    self.services = services
    self.maxPods = maxPods
    self.statuses = statuses
    self.logger = logger
    directory = PodDirectory(sources: sources)
  }

  nonisolated func send(_ event: Event) {
    progress.began()
    mailbox.send(event)
  }

  /// Runs until cancelled; the pods run on.
  func run() async {
    await adopt()
    while let events = await mailbox.take() {
      for event in events {
        handle(event)
        progress.ended()
      }
    }
    mailbox.close()
    for task in tasks { task.cancel() }
    for entry in workers.values { entry.task.cancel() }
    for entry in workers.values { await entry.task.value }
    try? await services.records.flush()
  }

  /// Ends every pod and returns when nothing of them is left. `run` must be running.
  func stopAll() async {
    send(.stopAll)
    await withCheckedContinuation { continuation in
      if isStopping, workers.isEmpty { continuation.resume() } else { idle.append(continuation) }
    }
  }

  private func handle(_ event: Event) {
    switch event {
    case .source(let name, let event, let noticed): follow(directory.apply(event, from: name), noticed)
    case .runtime(let event): route(event)
    case .gap:
      for entry in workers.values { entry.worker.send(.reread) }
      unclaimed.noteAll()
    case .overview(let pods):
      for (uid, entry) in workers { entry.worker.send(.overview(pods[uid] ?? RuntimeOverview())) }
      unclaimed.compare(pods)
      router.keep(Set(pods.values.flatMap(\.sandboxes.keys)))
      lookForOrphans()
    case .directories(let uids):
      isLooking = false
      sweep(uids)
    case .swept(let uid):
      sweeping.remove(uid)
      tryStart(uid)
    case .owner(let sandbox, let uid):
      router.own(sandbox, uid)
      if let uid { deliver([.reread], to: uid) }
    case .adopted(let uid, let found):
      guard unclaimed.haveRead(uid) else { return }
      leave(uid, found)
      if isStopping { return endLeftover(uid) }
      if directory.wanted[uid] != nil { claim(uid, .now) } else if directory.isSynced { endLeftover(uid) }
    case .finished(let uid):
      allocations.release(uid)
      startRefused()
    case .ended(let uid):
      let name = workers[uid]?.pod.fullName
      forget(uid)
      // Wanted again meanwhile, or still: a new pod of the same UID.
      if let pod = directory.wanted[uid], !isStopping {
        services.traces.begin(uid.rawValue, namespace: pod.namespaceName, name: pod.podName)
        tryStart(uid)
      }
      if let name { startNext(name) }
      startRefused()
      if isStopping, workers.isEmpty { wakeIdle() }
    case .changed: startRefused()
    case .retry:
      for entry in workers.values { entry.worker.send(.retryNow) }
    case .nodeChanged:
      for entry in workers.values { entry.worker.send(.nodeChanged) }
      startRefused()
    case .stopAll:
      isStopping = true
      for uid in unclaimed.uids { endLeftover(uid) }
      for uid in workers.keys { end(uid) }
      if workers.isEmpty { wakeIdle() }
    }
  }

  private func wakeIdle() {
    for continuation in idle { continuation.resume() }
    idle = []
  }

  // MARK: Workers

  func start(_ pod: Pod, observed: Observed, isEnding: Bool, desired: Pod? = nil) {
    let uid = pod.podUID
    _ = waiting.remove(uid)
    let (statuses, traces) = (statuses, services.traces)
    let send: @Sendable (Event) -> Void = { [weak self] in self?.send($0) }
    let wasOver = Self.isOver(pod)
    let worker = PodWorker(
      pod, desired: desired, observed: observed, status: pod.status, services: services, logger: logger
    ) { pod in
      let hadEnded = Self.isOver(statuses.get(uid))
      statuses.publish(pod)
      if let phase = pod.status.phase, phase != PodPhase.pending.rawValue { traces.finish(uid.rawValue) }
      if Self.isOver(pod), !hadEnded { send(.finished(uid)) }
    }
    for sandbox in observed.sandboxes { router.own(sandbox.status.id, uid) }
    names[pod.fullName] = uid
    if !wasOver { allocations.reserve(pod) } else { allocations.release(uid) }
    statuses.publish(pod)
    let task = Task {
      await worker.run()
      if !Task.isCancelled { send(.ended(uid)) }
    }
    workers[uid] = Entry(worker: worker, task: task, pod: pod, isEnding: isEnding)
  }

  func removal(of pod: Pod) -> Termination {
    Termination(startedAt: services.clock.now(), grace: max(1, pod.gracePeriod), removes: true)
  }

  func end(_ uid: PodUID) {
    guard let entry = workers[uid], !entry.isEnding else { return }
    workers[uid]?.isEnding = true
    entry.worker.send(.terminate(removal(of: entry.pod)))
  }

  private func forget(_ uid: PodUID) {
    guard let entry = workers.removeValue(forKey: uid) else { return }
    if names[entry.pod.fullName] == uid { names[entry.pod.fullName] = nil }
    allocations.release(uid)
    (deferred[uid], unfit[uid]) = (nil, nil)
    router.forget(uid)
    statuses.remove(uid)
  }

  // MARK: News

  private func route(_ event: RuntimeEvent) {
    switch router.route(event) {
    case .nobody: break
    case .pod(let uid, let news, let isComplete): deliver(isComplete ? news : news + [.reread], to: uid)
    case .unknown(let sandbox):
      let runtime = services.runtime
      Task { [weak self] in
        // A short call that nobody waits for. Not answered: the next look at everything finds it.
        guard let found = try? await runtime.listPodSandboxes(SandboxFilter(id: sandbox.rawValue)).first else { return }
        self?.send(.owner(sandbox, found.labels[Labels.podUID].map { PodUID($0) }))
      }
    }
  }

  private func deliver(_ news: [PodEvent], to uid: PodUID) {
    guard let entry = workers[uid] else { return unclaimed.note(uid) }
    for event in news { entry.worker.send(event) }
  }
}
