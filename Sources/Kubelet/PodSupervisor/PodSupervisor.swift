internal import KubeModel
internal import Logging
internal import RuntimeAPI

/// Starts, feeds and ends the workers: one for each pod UID, one at a time for each pod name. What is wanted is in `PodDirectory`, whose
/// news is whose in `RuntimeRouter`, what an earlier agent left comes from `Adoption`.
actor PodSupervisor {
  enum Event: Sendable {
    /// `noticed`: when what it says was noticed.
    case source(String, SourceEvent, noticed: StartTraces.Moment = .now)
    case runtime(RuntimeEvent)
    /// The event stream had a gap: every pod is read again.
    case gap
    /// What the runtime has in all: who knows something else reads again.
    case overview([PodUID: RuntimeOverview])
    /// Whose a sandbox is that an event did not say; nil: nobody's here.
    case owner(SandboxID, PodUID?)
    /// A pod whose state could not be read at first.
    case adopted(PodUID, Adoption.Found)
    /// A pod reached its last phase: what it took of the node is free.
    case finished(PodUID)
    case ended(PodUID)
    /// Pods of which there is a directory.
    case directories([PodUID])
    /// What one left was removed, or could not be.
    case swept(PodUID)
    /// Images changed.
    case retry
    /// Addresses or capacity of the node changed.
    case nodeChanged
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
  private let statuses: StatusPublisher
  nonisolated let progress = Progress("the pod supervisor")
  private let maxPods: Int
  private let mailbox: AsyncStream<Event>
  private let post: AsyncStream<Event>.Continuation

  private var directory: PodDirectory
  private var router = RuntimeRouter()
  private var allocations = NodeAllocations()
  private var workers: [PodUID: Entry] = [:]
  /// Which UID has a name now: of a worker, or of a pod that an earlier agent left.
  private var names: [String: PodUID] = [:]
  private var waiting = WaitingPods()
  /// Pods that run with other amounts of cpu and memory than they are to have, and why.
  private var deferred: [PodUID: PodResize.Pending] = [:]
  /// Found at start and not yet claimed by a source.
  private var leftovers: [PodUID: Adoption.Found] = [:]
  /// Left by an earlier agent, and the runtime cannot say yet how.
  private var unread: [PodUID: Adoption.Trace] = [:]
  /// Leftovers of which there was news since they were read.
  private var stale: Set<PodUID> = []
  /// What these left is being removed: none of them starts meanwhile.
  private var sweeping: Set<PodUID> = []
  private var isStopping = false
  private var idle: [CheckedContinuation<Void, Never>] = []
  private var tasks: [Task<Void, Never>] = []

  init(services: PodServices, sources: Set<String>, maxPods: Int, statuses: StatusPublisher, logger: Logger) {
    self.services = services
    self.maxPods = maxPods
    self.statuses = statuses
    self.logger = logger
    directory = PodDirectory(sources: sources)
    (mailbox, post) = AsyncStream.makeStream(of: Event.self)
  }

  nonisolated func send(_ event: Event) {
    progress.began()
    post.yield(event)
  }

  /// Runs until cancelled; the pods run on.
  func run() async {
    await adopt()
    await withTaskCancellationHandler {
      for await event in mailbox {
        handle(event)
        progress.ended()
      }
    } onCancel: {
      post.finish()
    }
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
      stale.formUnion(leftovers.keys)
    case .overview(let pods):
      for (uid, entry) in workers { entry.worker.send(.overview(pods[uid] ?? RuntimeOverview())) }
      for (uid, found) in leftovers where !(pods[uid] ?? RuntimeOverview()).agrees(with: found.observed) { stale.insert(uid) }
      lookForOrphans()
    case .directories(let uids): sweep(uids)
    case .swept(let uid):
      sweeping.remove(uid)
      tryStart(uid)
    case .owner(let sandbox, let uid):
      router.own(sandbox, uid)
      if let uid { deliver([.reread], to: uid) }
    case .adopted(let uid, let found):
      guard unread.removeValue(forKey: uid) != nil else { return }
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
    case .retry:
      for entry in workers.values { entry.worker.send(.retryNow) }
    case .nodeChanged:
      for entry in workers.values { entry.worker.send(.nodeChanged) }
      startRefused()
    case .stopAll:
      isStopping = true
      for uid in leftovers.keys { endLeftover(uid) }
      for uid in workers.keys { end(uid) }
      if workers.isEmpty { wakeIdle() }
    }
  }

  private func wakeIdle() {
    for continuation in idle { continuation.resume() }
    idle = []
  }

  // MARK: Wishes

  private func follow(_ change: PodDirectory.Change, _ noticed: StartTraces.Moment) {
    if isStopping { return }
    switch change {
    case .none: break
    case .set(let uid):
      claim(uid, noticed)
    case .deleted(let uid):
      if waiting.remove(uid) { statuses.remove(uid) }
      end(uid)
    case .synced:
      for uid in leftovers.keys where directory.wanted[uid] == nil { endLeftover(uid) }
      lookForOrphans()
    }
  }

  private func claim(_ uid: PodUID, _ noticed: StartTraces.Moment = .now) {
    guard let pod = directory.wanted[uid] else { return }
    if let entry = workers[uid] {
      if entry.isEnding { return }
      if entry.pod.fullName != pod.fullName {
        // Another pod with the same UID: the old one goes first.
        end(uid)
      } else {
        update(uid, entry, to: pod)
      }
    } else if let found = leftovers.removeValue(forKey: uid) {
      takeOver(uid, found, as: pod)
      if stale.remove(uid) != nil { workers[uid]?.worker.send(.reread) }
    } else {
      waiting.forget(verdictOf: uid)
      services.traces.begin(uid.rawValue, namespace: pod.namespaceName, name: pod.podName, at: noticed)
      services.traces.addNext(.manifest, uid.rawValue)
      tryStart(uid)
      if let refusal = waiting.refusal(uid) { show(pod, refusal) }
    }
  }

  /// What was left is taken over as it was, and is what is wanted before its worker decides anything. Of a pod without a record only what
  /// is wanted says how it is to live.
  private func takeOver(_ uid: PodUID, _ found: Adoption.Found, as pod: Pod) {
    let isEnding = found.observed.termination?.removes == true
    if found.isGuess {
      var observed = found.observed
      observed.wasInitialized = false
      observed.apply(.wake, pod: pod)
      return start(pod, observed: observed, isEnding: isEnding)
    }
    guard found.pod.fullName == pod.fullName else {
      // Another pod with the same UID: the old one goes first.
      start(found.pod, observed: found.observed, isEnding: isEnding)
      return end(uid)
    }
    let new = version(uid, of: found.pod, as: pod, isOver: Self.isOver(found.pod))
    start(found.pod, observed: found.observed, isEnding: isEnding, desired: new)
    workers[uid]?.pod = new
    if !Self.isOver(found.pod) { allocations.reserve(new) }
    if let pending = deferred[uid] { workers[uid]?.worker.send(.resizePending(pending)) }
  }

  private func update(_ uid: PodUID, _ entry: Entry, to pod: Pod) {
    let wasDeferred = deferred[uid] != nil
    let isOver = Self.isOver(statuses.get(uid))
    let new = version(uid, of: entry.pod, as: pod, isOver: isOver)
    if !isOver { allocations.reserve(new) }
    workers[uid]?.pod = new
    if wasDeferred || deferred[uid] != nil { entry.worker.send(.resizePending(deferred[uid])) }
    entry.worker.send(.desired(new))
  }

  /// Another version of a pod that runs. Amounts that do not fit beside the other pods wait; the rest of the version acts.
  private func version(_ uid: PodUID, of old: Pod, as new: Pod, isOver: Bool) -> Pod {
    guard !isOver, PodResize.isWanted(old, new) else {
      deferred[uid] = nil
      return new
    }
    allocations.release(uid)
    guard let pending = PodResize.pending(old, new, allocations, node: services.node) else {
      deferred[uid] = nil
      return new
    }
    if deferred.updateValue(pending, forKey: uid) != pending {
      services.events.record(.warning, "Resize\(pending.reason)", new, pending.message)
    }
    return PodResize.withAmounts(of: old, new)
  }

  /// Starts the pod, or keeps it until what it waits for has gone: the old pod of its name, which ends first with its own grace period, or
  /// what it does not fit beside.
  private func tryStart(_ uid: PodUID) {
    guard let pod = directory.wanted[uid], workers[uid] == nil, !isStopping else { return }
    if names[pod.fullName] != nil || unread[uid] != nil || sweeping.contains(uid) {
      if waiting.refusal(uid) == nil { waiting.hold(uid, name: pod.fullName) }
      return
    }
    let node = services.node
    let refusal =
      waiting.verdict(uid) { Admission.unable(pod, node: node) } ?? Admission.fit(pod, allocations, node: node, maxPods: maxPods)
    if let refusal {
      if waiting.refuse(uid, refusal) {
        services.events.record(.warning, refusal.reason, pod, refusal.message)
        show(pod, refusal)
      }
      return
    }
    services.traces.addNext(.admission, uid.rawValue)
    start(pod, observed: Observed(), isEnding: false)
  }

  private func startNext(_ name: String) { for uid in waiting.held(name) { tryStart(uid) } }

  /// Something of the node is free, or the node is another one: those who did not fit may now, in the order in which they arrived.
  private func startRefused() {
    for uid in deferred.keys { claim(uid) }
    for uid in waiting.refused { tryStart(uid) }
  }

  /// Shown as failed; tried again whenever something ends.
  private func show(_ pod: Pod, _ refusal: Admission.Refusal) {
    var shown = pod
    shown.status = PodStatus(
      message: "Pod was rejected: \(refusal.message)", phase: "Failed", qosClass: pod.qosClass.rawValue, reason: refusal.reason,
      startTime: Time(sinceEpoch: services.clock.wall()))
    statuses.publish(shown)
  }

  private static func isOver(_ pod: Pod?) -> Bool { pod?.status.phase.flatMap(PodPhase.init(rawValue:))?.isTerminal == true }

  // MARK: Workers

  private func start(_ pod: Pod, observed: Observed, isEnding: Bool, desired: Pod? = nil) {
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

  private func removal(of pod: Pod) -> Termination {
    Termination(startedAt: services.clock.now(), grace: max(1, pod.gracePeriod), removes: true)
  }

  private func end(_ uid: PodUID) {
    guard let entry = workers[uid], !entry.isEnding else { return }
    workers[uid]?.isEnding = true
    entry.worker.send(.terminate(removal(of: entry.pod)))
  }

  private func forget(_ uid: PodUID) {
    guard let entry = workers.removeValue(forKey: uid) else { return }
    if names[entry.pod.fullName] == uid { names[entry.pod.fullName] = nil }
    allocations.release(uid)
    deferred[uid] = nil
    router.forget(uid)
    statuses.remove(uid)
  }

  // MARK: What an earlier agent left

  /// Returns when it is known which pods there are; nothing starts before.
  private func adopt() async {
    let adoption = Adoption(services: services, logger: logger)
    var delay: Int64 = 1
    while !Task.isCancelled {
      do {
        for (uid, trace) in try await adoption.traces() {
          do {
            leave(uid, try await adoption.read(uid, trace))
          } catch {
            logger.error("A pod's state cannot be read", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
            unread[uid] = trace
          }
        }
        break
      } catch {
        logger.error("What an earlier agent left cannot be read", metadata: ["error": "\(error)"])
        do { try await services.clock.sleep(.seconds(delay)) } catch { return }
        delay = min(30, delay * 2)
      }
    }
    for (uid, trace) in unread {
      // It may run: what its record says it takes is taken, its name included.
      if let pod = trace.record?.pod { reserve(pod) }
      tasks.append(readLater(uid, trace, adoption))
    }
  }

  private func readLater(_ uid: PodUID, _ trace: Adoption.Trace, _ adoption: Adoption) -> Task<Void, Never> {
    let clock = services.clock
    return Task { [weak self] in
      var delay: Int64 = 1
      while true {
        do { try await clock.sleep(.seconds(delay)) } catch { return }
        if let found = try? await adoption.read(uid, trace) {
          self?.send(.adopted(uid, found))
          return
        }
        delay = min(30, delay * 2)
      }
    }
  }

  private func leave(_ uid: PodUID, _ found: Adoption.Found) {
    leftovers[uid] = found
    for sandbox in found.observed.sandboxes { router.own(sandbox.status.id, uid) }
    reserve(found.pod)
  }

  /// It runs, so it counts, also before a source has claimed it.
  private func reserve(_ pod: Pod) {
    names[pod.fullName] = pod.podUID
    if !Self.isOver(pod) { allocations.reserve(pod) }
  }

  private func endLeftover(_ uid: PodUID) {
    guard let found = leftovers.removeValue(forKey: uid) else { return }
    var observed = found.observed
    observed.apply(.terminate(removal(of: found.pod)), pod: found.pod)
    logger.info("Ending a pod whose manifest is gone", metadata: ["pod.uid": "\(uid)", "pod.name": "\(found.pod.podName)"])
    start(found.pod, observed: observed, isEnding: true)
    if stale.remove(uid) != nil { workers[uid]?.worker.send(.reread) }
  }

  // MARK: Orphans

  /// At start, when it is known which pods there are and which are wanted, and with each slow look.
  private func lookForOrphans() {
    guard directory.isSynced, !isStopping else { return }
    let sweep = OrphanSweep(services: services)
    Task { [weak self] in self?.send(.directories(await sweep.found())) }
  }

  private func sweep(_ uids: [PodUID]) {
    let sweep = OrphanSweep(services: services)
    for uid in uids where workers[uid] == nil && leftovers[uid] == nil && unread[uid] == nil && directory.wanted[uid] == nil {
      guard sweeping.insert(uid).inserted else { continue }
      let logger = logger
      logger.notice("Removing what a pod left that is no more", metadata: ["pod.uid": "\(uid)"])
      Task { [weak self] in
        do { try await sweep.remove(uid) } catch {
          logger.error("What a pod left cannot be removed", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
        }
        self?.send(.swept(uid))
      }
    }
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
    guard let entry = workers[uid] else {
      if leftovers[uid] != nil { stale.insert(uid) }
      return
    }
    for event in news { entry.worker.send(event) }
  }
}
