internal import KubeModel
internal import RuntimeAPI

/// What the sources want, and what becomes of it: a new pod, another version of one, or one that waits.
extension PodSupervisor {
  func follow(_ change: PodDirectory.Change, _ noticed: StartTraces.Moment) {
    if isStopping { return }
    switch change {
    case .none: break
    case .set(let uid):
      claim(uid, noticed)
    case .deleted(let uid):
      if waiting.remove(uid) { statuses.remove(uid) }
      end(uid)
    case .synced:
      for uid in unclaimed.uids where directory.wanted[uid] == nil { endLeftover(uid) }
      lookForOrphans()
    }
  }

  func claim(_ uid: PodUID, _ noticed: StartTraces.Moment = .now) {
    guard let pod = directory.wanted[uid] else { return }
    if let entry = workers[uid] {
      if entry.isEnding { return }
      if entry.pod.fullName != pod.fullName {
        // Another pod with the same UID: the old one goes first.
        end(uid)
      } else {
        update(uid, entry, to: pod)
      }
    } else if let (found, isStale) = unclaimed.claim(uid) {
      takeOver(uid, found, as: pod)
      if isStale { workers[uid]?.worker.send(.reread) }
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
    // Only then: what waits is tried with the same wish again and again, and would wake itself.
    if new.spec != entry.pod.spec, !(deferred.isEmpty && unfit.isEmpty && waiting.refused.isEmpty) { send(.changed) }
  }

  /// Another version of a pod that runs. One that could not start here does not act: the pod goes on as it is. Amounts that do not fit
  /// beside the other pods wait; the rest of the version acts.
  private func version(_ uid: PodUID, of old: Pod, as new: Pod, isOver: Bool) -> Pod {
    guard !isOver else {
      (deferred[uid], unfit[uid]) = (nil, nil)
      return new
    }
    allocations.release(uid)
    if let refusal = refusal(of: new, insteadOf: old) {
      if unfit.updateValue(refusal, forKey: uid) != refusal {
        services.events.record(
          .warning, refusal.reason, new, "The new version does not act, the pod runs on as it was: \(refusal.message)")
      }
      return old
    }
    unfit[uid] = nil
    guard PodResize.isWanted(old, new) else {
      deferred[uid] = nil
      return new
    }
    guard let pending = PodResize.pending(old, new, allocations, node: services.node) else {
      deferred[uid] = nil
      return new
    }
    if deferred.updateValue(pending, forKey: uid) != pending {
      services.events.record(.warning, "Resize\(pending.reason)", new, pending.message)
    }
    return PodResize.withAmounts(of: old, new)
  }

  /// What would keep the new version from starting and did not keep the old one: a node that changed ends nothing that runs.
  private func refusal(of new: Pod, insteadOf old: Pod) -> Admission.Refusal? {
    if new.spec == old.spec, new.metadata.labels == old.metadata.labels { return nil }
    if new.spec.hostUsers != old.spec.hostUsers {
      return Admission.Refusal(
        reason: "UserNamespace", message: "spec.hostUsers cannot change while the pod runs: give it another UID")
    }
    let node = services.node
    if let refusal = Admission.unable(new, node: node), refusal != Admission.unable(old, node: node) { return refusal }
    guard let refusal = Admission.portConflict(new, allocations) else { return nil }
    return refusal == Admission.portConflict(old, allocations) ? nil : refusal
  }

  /// Starts the pod, or keeps it until what it waits for has gone: the old pod of its name, which ends first with its own grace period, or
  /// what it does not fit beside.
  func tryStart(_ uid: PodUID) {
    guard let pod = directory.wanted[uid], workers[uid] == nil, !isStopping else { return }
    if names[pod.fullName] != nil || unclaimed.isUnread(uid) || sweeping.contains(uid) {
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

  func startNext(_ name: String) { for uid in waiting.held(name) { tryStart(uid) } }

  /// Something of the node is free, or the node is another one: those who did not fit may now; pods that run first, then those that were
  /// refused, in the order in which they arrived.
  func startRefused() {
    for uid in Set(deferred.keys).union(unfit.keys).sorted(by: { $0.rawValue < $1.rawValue }) { claim(uid) }
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

  static func isOver(_ pod: Pod?) -> Bool { pod?.status.phase.flatMap(PodPhase.init(rawValue:))?.isTerminal == true }
}
