internal import KubeModel
internal import Logging
internal import RuntimeAPI

/// What an earlier agent left: pods, and traces of pods that are no more.
extension PodSupervisor {
  /// Returns when it is known which pods there are; nothing starts before.
  func adopt() async {
    let adoption = Adoption(services: services, logger: logger)
    var unread: [PodUID: Adoption.Trace] = [:]
    var delay: Int64 = 1
    while !Task.isCancelled {
      do {
        for (uid, trace) in try await adoption.traces() {
          do {
            leave(uid, try await adoption.read(uid, trace))
          } catch {
            logger.error("A pod's state cannot be read", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
            unread[uid] = trace
            unclaimed.leaveUnread(uid)
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

  func leave(_ uid: PodUID, _ found: Adoption.Found) {
    unclaimed.leave(uid, found)
    for sandbox in found.observed.sandboxes { router.own(sandbox.status.id, uid) }
    reserve(found.pod)
  }

  /// It runs, so it counts, also before a source has claimed it.
  private func reserve(_ pod: Pod) {
    names[pod.fullName] = pod.podUID
    if !Self.isOver(pod) { allocations.reserve(pod) }
  }

  func endLeftover(_ uid: PodUID) {
    guard let (found, isStale) = unclaimed.claim(uid) else { return }
    var observed = found.observed
    observed.apply(.terminate(removal(of: found.pod)), pod: found.pod)
    logger.info("Ending a pod whose manifest is gone", metadata: ["pod.uid": "\(uid)", "pod.name": "\(found.pod.podName)"])
    start(found.pod, observed: observed, isEnding: true)
    if isStale { workers[uid]?.worker.send(.reread) }
  }

  // MARK: Orphans

  /// At start, when it is known which pods there are and which are wanted, and with each slow look.
  func lookForOrphans() {
    guard directory.isSynced, !isStopping, !isLooking else { return }
    isLooking = true
    let sweep = OrphanSweep(services: services)
    Task { [weak self] in self?.send(.directories(await sweep.found())) }
  }

  private func isKnown(_ uid: PodUID) -> Bool {
    workers[uid] != nil || unclaimed.contains(uid) || directory.wanted[uid] != nil
  }

  /// What is on the node of pods that nobody knows.
  func leaks() async throws(KubeletError) -> [NodeLeak] {
    guard directory.isSynced else { return [.unseen("pods", "it is not known yet which are wanted")] }
    let before = Set(workers.keys)
    let leaks = try await OrphanSweep(services: services).leaks()
    // Those that came or went meanwhile are none.
    return leaks.filter { leak in
      let uid = PodUID(leak.owner)
      return !before.contains(uid) && !isKnown(uid) && !sweeping.contains(uid)
    }
  }

  func sweep(_ uids: [PodUID]) {
    let sweep = OrphanSweep(services: services)
    for uid in uids where !isKnown(uid) {
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
}
