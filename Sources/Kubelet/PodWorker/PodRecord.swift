internal import KubeModel
internal import RuntimeAPI

/// What must survive the agent for a pod: its spec as it was run (so that it can be ended properly even if its manifest is gone), and
/// what the runtime does not know.
struct PodRecord: Codable, Equatable, Sendable {
  struct RunFacts: Codable, Equatable, Sendable {
    var isPastPostStart: Bool
    var isStarted: Bool
    var isReady: Bool
  }
  var pod: Pod
  var startedAt: Int64
  var wasInitialized: Bool
  var isTornDown: Bool
  var termination: Termination?
  var backoffs: [String: CrashBackoff]
  var runs: [String: RunFacts]
  var messages: [String: String]
  var preStopStarted: [String]
  var podIPs: [String]

  init(pod: Pod, observed: Observed) {
    self.pod = pod
    startedAt = observed.startedAt
    wasInitialized = observed.wasInitialized
    isTornDown = observed.isTornDown
    termination = observed.termination
    backoffs = observed.backoffs
    runs = [:]
    messages = [:]
    for run in observed.containers.values.flatMap({ $0 }) {
      if run.isLive {
        runs[run.id.rawValue] = RunFacts(isPastPostStart: run.isPastPostStart, isStarted: run.isStarted, isReady: run.isReady)
      }
      messages[run.id.rawValue] = run.terminationMessage
    }
    preStopStarted = observed.preStopStarted.map(\.rawValue).sorted()
    podIPs = observed.podIPs
  }

  /// What was known, joined with what the runtime has now: running containers keep `ready` and `started`.
  func observed(_ state: PodRuntimeState) -> Observed {
    var observed = Observed()
    observed.startedAt = startedAt
    observed.wasInitialized = wasInitialized
    observed.isTornDown = isTornDown
    observed.termination = termination
    observed.backoffs = backoffs
    observed.podIPs = podIPs
    observed.preStopStarted = Set(preStopStarted.map { ContainerID($0) })
    observed.apply(.listed(state), pod: pod)
    for (id, facts) in runs {
      observed.update(ContainerID(id)) { run in
        run.isPastPostStart = true  // a hook is never run twice
        run.isStarted = facts.isStarted
        run.isReady = facts.isReady
      }
    }
    for (id, message) in messages { observed.update(ContainerID(id)) { $0.terminationMessage = message } }
    observed.apply(.wake, pod: pod)
    return observed
  }
}
