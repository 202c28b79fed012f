internal import KubeModel
internal import RuntimeAPI

/// What must survive the agent for a pod: its spec as it was run (so that it can be ended properly even if its manifest is gone), and
/// what the runtime does not know.
struct PodRecord: Sendable {
  var pod: Pod
  var facts: PodFacts

  init(pod: Pod, facts: PodFacts) {
    self.pod = pod
    self.facts = facts
  }

  /// What was known, joined with what the runtime has now: running containers keep `ready` and `started`.
  func observed(_ state: PodRuntimeState, reading: ClockReading = .same) -> Observed {
    var observed = Observed()
    observed.reading = reading
    // A moment after now is of another boot, whose date was ahead.
    observed.startedAt = min(facts.startedAt, reading.now)
    observed.startDate = facts.startDate ?? facts.startedAt
    observed.wasInitialized = facts.wasInitialized
    observed.isTornDown = facts.isTornDown
    observed.termination = facts.termination
    if let termination = facts.termination { observed.termination?.startedAt = min(termination.startedAt, reading.now) }
    observed.backoffs = facts.backoffs.mapValues { $0.bounded(by: reading.now) }
    observed.podIPs = facts.podIPs
    observed.preStopStarted = Set(facts.preStopStarted.map { ContainerID($0) })
    observed.restartingRuns = Dictionary(uniqueKeysWithValues: facts.restartingRuns.map { (ContainerID($0.key), $0.value) })
    observed.apply(.listed(state), pod: pod)
    // The agent may have ended in the middle of it: containers that have what they are to have cost a look.
    observed.resizeVersions.wanted = 1
    for run in observed.live where run.restartsWithAll != nil { observed.update(run.id) { $0.illness = .restartAll } }
    for (id, known) in facts.runs {
      observed.update(ContainerID(id)) { run in
        run.isPastPostStart = true  // a hook is never run twice
        run.isStarted = known.isStarted
        run.isReady = known.isReady
      }
    }
    for (id, message) in facts.messages { observed.update(ContainerID(id)) { $0.terminationMessage = message } }
    observed.apply(.wake, pod: pod)
    return observed
  }
}
