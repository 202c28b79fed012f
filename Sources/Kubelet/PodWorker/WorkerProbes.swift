internal import KubeModel
internal import RuntimeAPI

/// The probes of one pod's containers: as many as are wanted now, each a task of its own.
struct WorkerProbes {
  private let services: PodServices
  private let report: @Sendable (PodEvent) -> Void
  private var running: [ProbeKey: (probe: Probe, task: Task<Void, Never>)] = [:]

  init(_ services: PodServices, report: @escaping @Sendable (PodEvent) -> Void) {
    self.services = services
    self.report = report
  }

  mutating func reconcile(_ pod: Pod, _ observed: Observed) {
    let wanted = ProbeSet.wanted(pod, observed)
    // One that is written otherwise now begins anew.
    for (key, old) in running where wanted[key]?.1 != old.probe {
      old.task.cancel()
      running[key] = nil
    }
    let hasAddress = !pod.probeAddress(podIPs: observed.podIPs, node: services.node).isEmpty
    for (key, (container, probe)) in wanted where running[key] == nil {
      // Without an address there is nobody to ask; least of all the node itself.
      guard hasAddress || probe.exec != nil else { continue }
      let startedAt = observed.instance(key.container).map { observed.reading.moment(ofDate: $0.status.startedAt) } ?? 0
      let first = Self.firstTry(key, probe, startedAt: startedAt, agent: services.startedAt, now: observed.reading.now)
      running[key] = (probe, start(key, probe, container, pod, podIPs: observed.podIPs, first: first))
    }
  }

  /// `initialDelaySeconds` after the container's start. Those that ran before this agent did are spread over a period: otherwise every probe
  /// of the node would fall into the moment of its start, then and ever after. Source: kubelet prober/worker.go, which waits at random.
  /// - Parameters:
  ///   - startedAt: when the container began; a moment, as the others.
  ///   - agent: when the agent did.
  static func firstTry(_ key: ProbeKey, _ probe: Probe, startedAt: Int64, agent: Int64, now: Int64) -> Int64 {
    let due = startedAt.adding(.seconds(Int(probe.initialDelaySeconds ?? 0)))
    let period = Int64.seconds(Int(max(1, probe.periodSeconds ?? 10)))
    if startedAt >= agent || now >= agent.adding(period) { return due }
    return max(due, agent.adding(place(key, in: period)))
  }

  /// Of a probe among the others: the same each time, and evenly spread.
  private static func place(_ key: ProbeKey, in period: Int64) -> Int64 {
    let hash = (key.container.rawValue + key.kind.rawValue).utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
      ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    return Int64(hash % UInt64(max(1, period)))
  }

  private func start(
    _ key: ProbeKey, _ probe: Probe, _ container: Container, _ pod: Pod, podIPs: [String], first: Int64
  ) -> Task<Void, Never> {
    let (report, events, nodeState) = (report, services.events, services.nodeState)
    let prober = Prober(runtime: services.runtime, group: services.group)
    let loop = ProbeLoop(
      kind: key.kind, probe: probe, first: first, clock: services.clock,
      attempt: {
        await prober.run(probe, container, id: key.container, podIP: pod.probeAddress(podIPs: podIPs, node: nodeState.facts))
      },
      report: { report(.probe(key.container, key.kind, $0)) },
      note: { result in
        let (reason, text): (String, String)
        switch result {
        case .success: return
        case .warning(let message): (reason, text) = ("ProbeWarning", "probe warning: \(message)")
        case .failure(let message): (reason, text) = ("Unhealthy", "probe failed: \(message)")
        case .error(let message): (reason, text) = ("Unhealthy", "probe errored and resulted in unknown state: \(message)")
        }
        events.record(.warning, reason, pod, container: container.name, "\(key.kind.rawValue) \(text)")
      })
    return Task { await loop.run() }
  }

  /// Cancels all; returns what may still be on its way.
  mutating func cancel() -> [Task<Void, Never>] {
    let tasks = running.values.map(\.task)
    for task in tasks { task.cancel() }
    running = [:]
    return tasks
  }
}
