internal import KubeModel
internal import RuntimeAPI

/// The probes of one pod's containers: as many as are wanted now, each a task of its own.
struct WorkerProbes {
  private let services: PodServices
  private let report: @Sendable (PodEvent) -> Void
  private var running: [ProbeKey: Task<Void, Never>] = [:]

  init(_ services: PodServices, report: @escaping @Sendable (PodEvent) -> Void) {
    self.services = services
    self.report = report
  }

  mutating func reconcile(_ pod: Pod, _ observed: Observed) {
    let wanted = ProbeSet.wanted(pod, observed)
    for (key, task) in running where wanted[key] == nil {
      task.cancel()
      running[key] = nil
    }
    let hasAddress = !pod.probeAddress(podIPs: observed.podIPs, node: services.node).isEmpty
    for (key, (container, probe)) in wanted where running[key] == nil {
      // Without an address there is nobody to ask; least of all the node itself.
      guard hasAddress || probe.exec != nil else { continue }
      let startedAt = observed.instance(key.container).map { observed.reading.moment(ofDate: $0.status.startedAt) } ?? 0
      running[key] = start(key, probe, container, pod, podIPs: observed.podIPs, startedAt: startedAt)
    }
  }

  private func start(
    _ key: ProbeKey, _ probe: Probe, _ container: Container, _ pod: Pod, podIPs: [String], startedAt: Int64
  ) -> Task<Void, Never> {
    let (report, events, nodeState) = (report, services.events, services.nodeState)
    let prober = Prober(runtime: services.runtime, group: services.group)
    let loop = ProbeLoop(
      kind: key.kind, probe: probe, startedAt: startedAt, clock: services.clock,
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
    let tasks = Array(running.values)
    for task in tasks { task.cancel() }
    running = [:]
    return tasks
  }
}
