internal import KubeModel
internal import Logging
internal import RuntimeAPI
internal import Store

/// Starts, feeds and ends the workers: one for each pod UID, one at a time for each pod name.
actor PodSupervisor {
  enum Event: Sendable {
    /// Everything a source wants now.
    /// All pods of a source; degraded when some of its manifests cannot be read just now.
    case source(String, [Pod], isDegraded: Bool)
    case runtime(RuntimeEvent)
    /// The event stream had a gap: every pod is read again.
    case resync
    case ended(PodUID)
    /// Images or capacity changed.
    case retry
    case stopAll
  }

  private struct Entry {
    let worker: PodWorker
    let task: Task<Void, Never>
    var pod: Pod
    var isEnding: Bool
  }

  private let services: PodServices
  private let logger: Logger
  private let board: StatusBoard
  private let sources: Set<String>
  private let maxPods: Int
  private let mailbox: AsyncStream<Event>
  private let post: AsyncStream<Event>.Continuation

  private var snapshots: [String: [Pod]] = [:]
  private var workers: [PodUID: Entry] = [:]
  /// Pods that stay because their manifest may be one that cannot be read.
  private var kept: [PodUID: Pod] = [:]
  /// Found at start and not yet claimed by a source.
  private var leftovers: [PodUID: (pod: Pod, observed: Observed)] = [:]
  private var refused: [PodUID: Admission.Refusal] = [:]
  private var owners: [SandboxID: PodUID] = [:]
  private var isStopping = false
  private var idle: [CheckedContinuation<Void, Never>] = []

  init(services: PodServices, sources: Set<String>, maxPods: Int, board: StatusBoard, logger: Logger) {
    self.services = services
    self.sources = sources
    self.maxPods = maxPods
    self.board = board
    self.logger = logger
    (mailbox, post) = AsyncStream.makeStream(of: Event.self)
  }

  nonisolated func send(_ event: Event) { post.yield(event) }

  /// Runs until cancelled; the pods run on.
  func run() async {
    await adopt()
    reconcile()
    await withTaskCancellationHandler {
      for await event in mailbox { handle(event) }
    } onCancel: {
      post.finish()
    }
    for entry in workers.values { entry.task.cancel() }
    for entry in workers.values { await entry.task.value }
  }

  /// Ends every pod and returns when nothing of them is left. `run` must be running.
  func stopAll() async {
    post.yield(.stopAll)
    await withCheckedContinuation { continuation in
      if isStopping, workers.isEmpty { continuation.resume() } else { idle.append(continuation) }
    }
  }

  private func handle(_ event: Event) {
    switch event {
    case .source(let name, let pods, let isDegraded):
      snapshots[name] = pods + (isDegraded ? keep(beside: pods) : forgetKept())
      reconcile()
    case .runtime(let event): route(event)
    case .resync: for (uid, entry) in workers { reread(uid, entry.worker) }
    case .ended(let uid):
      workers[uid] = nil
      board.remove(uid)
      owners = owners.filter { $0.value != uid }
      reconcile()
      if isStopping, workers.isEmpty { wakeIdle() }
    case .retry:
      for entry in workers.values { entry.worker.send(.retryNow) }
      reconcile()
    case .stopAll:
      isStopping = true
      for uid in workers.keys { end(uid) }
      if workers.isEmpty { wakeIdle() }
    }
  }

  /// Pods an earlier agent ran whose manifest is not there while some manifest cannot be read: it may be theirs, so they stay as they were
  /// until every manifest can be read again.
  private func keep(beside pods: [Pod]) -> [Pod] {
    for (uid, found) in leftovers where found.observed.termination == nil && !found.pod.spec.containers.isEmpty {
      kept[uid] = found.pod
    }
    let names = Set(pods.map { "\($0.namespaceName)/\($0.podName)" })
    kept = kept.filter { !names.contains("\($0.value.namespaceName)/\($0.value.podName)") }
    return kept.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value)
  }

  private func forgetKept() -> [Pod] {
    kept = [:]
    return []
  }

  private func wakeIdle() {
    for continuation in idle { continuation.resume() }
    idle = []
  }

  /// Compares what is wanted with the workers.
  private func reconcile() {
    if isStopping { return }
    let wanted = snapshots.sorted { $0.key < $1.key }.flatMap(\.value)
    let uids = Set(wanted.map(\.podUID))
    // Nothing is ended before every source has spoken.
    if sources.isSubset(of: snapshots.keys) {
      for uid in workers.keys where !uids.contains(uid) { end(uid) }
      for (uid, found) in leftovers where !uids.contains(uid) {
        leftovers[uid] = nil
        var observed = found.observed
        observed.apply(.terminate(removal(of: found.pod)), pod: found.pod)
        logger.info("Ending a pod whose manifest is gone", metadata: ["pod.uid": "\(uid)", "pod.name": "\(found.pod.podName)"])
        start(found.pod, observed: observed, isEnding: true)
      }
    }
    for uid in refused.keys where !uids.contains(uid) {
      refused[uid] = nil
      board.remove(uid)
    }
    for pod in wanted { want(pod) }
  }

  private func want(_ pod: Pod) {
    let uid = pod.podUID
    if let entry = workers[uid] {
      if !entry.isEnding, entry.pod.metadata != pod.metadata || entry.pod.spec != pod.spec {
        workers[uid]?.pod = pod
        entry.worker.send(.desired(pod))
      }
      return
    }
    if let found = leftovers.removeValue(forKey: uid) {
      var adopted = pod
      adopted.status = found.pod.status
      start(adopted, observed: found.observed, isEnding: found.observed.termination?.removes == true)
      return
    }
    // Strictly one after the other: the old pod of this name ends first, with its own grace period.
    let name = pod.podName, namespace = pod.namespaceName
    if workers.values.contains(where: { $0.pod.podName == name && $0.pod.namespaceName == namespace }) { return }
    if leftovers.values.contains(where: { $0.pod.podName == name && $0.pod.namespaceName == namespace }) { return }
    let others = workers.values.map { board.get($0.pod.podUID) ?? $0.pod }
    if let refusal = Admission.check(pod, others: others, node: services.node, maxPods: maxPods) {
      refuse(pod, refusal)
      return
    }
    refused[uid] = nil
    start(pod, observed: Observed(), isEnding: false)
  }

  /// Shown as failed; tried again whenever anything changes.
  private func refuse(_ pod: Pod, _ refusal: Admission.Refusal) {
    if refused[pod.podUID] == refusal { return }
    refused[pod.podUID] = refusal
    services.events.record(.warning, refusal.reason, pod, refusal.message)
    var shown = pod
    shown.status = PodStatus(
      message: "Pod was rejected: \(refusal.message)", phase: "Failed", qosClass: pod.qosClass.rawValue, reason: refusal.reason,
      startTime: Time(sinceEpoch: services.clock.now()))
    board.put(shown)
  }

  private func start(_ pod: Pod, observed: Observed, isEnding: Bool) {
    let uid = pod.podUID
    let board = board
    let worker = PodWorker(pod, observed: observed, status: pod.status, services: services, logger: logger) { board.put($0) }
    for sandbox in observed.sandboxes { owners[sandbox.status.id] = uid }
    board.put(pod)
    let post = post
    let task = Task {
      await worker.run()
      if !Task.isCancelled { post.yield(.ended(uid)) }
    }
    workers[uid] = Entry(worker: worker, task: task, pod: pod, isEnding: isEnding)
  }

  private func removal(of pod: Pod) -> Termination {
    Termination(startedAt: services.clock.now(), grace: max(1, pod.gracePeriod), removes: true)
  }

  private func end(_ uid: PodUID) {
    guard let entry = workers[uid], !entry.isEnding else { return }
    workers[uid]?.isEnding = true
    entry.worker.send(.terminate(removal(of: entry.pod)))
  }

  /// Pods that a former life of the agent left: from its records and from the runtime's labels.
  private func adopt() async {
    var records: [PodUID: PodRecord] = [:]
    do {
      for record in try services.records.all() { records[record.pod.podUID] = record }
    } catch {
      logger.error("Pod records cannot be read", metadata: ["error": "\(error)"])
    }
    var pods: [PodUID: [String: String]] = [:]
    do {
      for sandbox in try await services.runtime.listPodSandboxes(SandboxFilter()) {
        if let uid = sandbox.labels[Labels.podUID] { pods[PodUID(uid)] = sandbox.labels }
      }
    } catch {
      logger.error("The runtime's sandboxes cannot be listed", metadata: ["error": "\(error)"])
    }
    for uid in Set(records.keys).union(pods.keys) {
      guard let state = try? await PodRuntimeState.read(services.runtime, uid: uid, now: .max) else { continue }
      if let record = records[uid] {
        leftovers[uid] = (record.pod, record.observed(state))
      } else if let labels = pods[uid] {
        let pod = Leftover.pod(uid, labels: labels, state: state)
        var observed = Observed()
        observed.apply(.listed(state), pod: pod)
        for run in observed.live { observed.update(run.id) { $0.isPastPostStart = true } }
        observed.startedAt = state.sandboxes.map(\.createdAt).min() ?? services.clock.now()
        leftovers[uid] = (pod, observed)
      }
    }
  }

  private func route(_ event: RuntimeEvent) {
    let known = owners[event.sandboxID]
    let label = event.sandbox?.labels[Labels.podUID] ?? event.containers.first?.labels[Labels.podUID]
    guard let uid = label.map({ PodUID($0) }) ?? known else {
      // A new sandbox, and the event does not say whose: everybody looks.
      for (uid, entry) in workers { reread(uid, entry.worker) }
      return
    }
    guard let entry = workers[uid] else { return }
    owners[event.sandboxID] = uid
    let isSandbox = event.containerID == event.sandboxID.rawValue
    if event.kind == .deleted {
      entry.worker.send(isSandbox ? .sandboxRemoved(event.sandboxID) : .containerRemoved(ContainerID(event.containerID)))
      return
    }
    if let sandbox = event.sandbox { entry.worker.send(.sandbox(sandbox)) }
    for status in event.containers { entry.worker.send(.container(status)) }
    let isComplete = isSandbox ? event.sandbox != nil : event.containers.contains { $0.id.rawValue == event.containerID }
    if !isComplete { reread(uid, entry.worker) }
  }

  private func reread(_ uid: PodUID, _ worker: PodWorker) {
    let services = services
    Task {
      if let state = try? await PodRuntimeState.read(services.runtime, uid: uid, now: services.clock.now()) {
        worker.send(.listed(state))
      }
    }
  }
}
