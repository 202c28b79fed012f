internal import KubeModel
internal import Logging
internal import RuntimeAPI

/// Pods that a former life of the agent left: from its records and from the runtime's labels.
struct Adoption: Sendable {
  /// A pod as it was left.
  struct Found: Sendable {
    var pod: Pod
    var observed: Observed
    /// Nothing but what the runtime knows: the pod is a guess, good enough to end it.
    var isGuess = false
  }
  /// What is known of a pod before the runtime was asked about it.
  struct Trace: Sendable {
    var record: PodRecord?
    var labels: [String: String] = [:]
    /// What the runtime lists of it.
    var sandboxes: [SandboxID] = []
    var containers: [ContainerID: SandboxID] = [:]
  }

  let services: PodServices
  let logger: Logger

  /// Every pod of which there is a trace. Throws when records or runtime cannot be read at all: then try again, and start nothing before.
  func traces() async throws -> [PodUID: Trace] {
    var traces: [PodUID: Trace] = [:]
    let (records, unreadable) = try await services.records.all()
    for (uid, error) in unreadable {
      // One bad row costs its own pod what was remembered of it, nothing else.
      logger.error("A pod's record cannot be read", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
      traces[uid] = Trace()
    }
    for (uid, record) in records { traces[uid] = Trace(record: record) }
    for sandbox in try await services.runtime.listPodSandboxes(SandboxFilter()) {
      guard let uid = sandbox.labels[Labels.podUID] else { continue }
      traces[PodUID(uid), default: Trace()].labels = sandbox.labels
      traces[PodUID(uid)]?.sandboxes.append(sandbox.id)
    }
    for container in try await services.runtime.listContainers(ContainerFilter()) {
      guard let uid = container.labels[Labels.podUID] else { continue }
      traces[PodUID(uid), default: Trace()].containers[container.id] = container.sandboxID
    }
    return traces
  }

  /// The pod with what the runtime has of it.
  func read(_ uid: PodUID, _ trace: Trace) async throws(RuntimeError) -> Found {
    let state = try await PodRuntimeState.read(services.runtime, trace.sandboxes, trace.containers)
    let reading = services.clock.reading
    if let record = trace.record { return Found(pod: record.pod, observed: record.observed(state, reading: reading)) }
    let pod = Leftover.pod(uid, labels: trace.labels, state: state)
    var observed = Observed()
    observed.reading = reading
    observed.apply(.listed(state), pod: pod)
    for run in observed.live { observed.update(run.id) { $0.isPastPostStart = true } }
    observed.startedAt = state.sandboxes.map(\.createdAt).min().map { reading.moment(ofDate: $0) } ?? reading.now
    return Found(pod: pod, observed: observed, isGuess: true)
  }
}
