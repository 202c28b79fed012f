internal import KubeModel
internal import RuntimeAPI

/// Which probe of which run.
struct ProbeKey: Hashable, Sendable {
  var container: ContainerID
  var kind: ProbeKind
}

/// Which probes run, decided from what was observed. Pure.
enum ProbeSet {
  static func wanted(_ pod: Pod, _ observed: Observed) -> [ProbeKey: (Container, Probe)] {
    var wanted: [ProbeKey: (Container, Probe)] = [:]
    for run in observed.live where run.status.state == .running && run.isPastPostStart && run.illness == nil {
      guard let (container, role) = pod.container(named: run.name), role != .initialization else { continue }
      let isEnding = observed.termination != nil
      if let probe = container.startupProbe, !run.isStarted, !isEnding {
        wanted[ProbeKey(container: run.id, kind: .startup)] = (container, probe)
      }
      guard run.isStarted else { continue }
      if let probe = container.livenessProbe, !isEnding {
        wanted[ProbeKey(container: run.id, kind: .liveness)] = (container, probe)
      }
      // Readiness goes on while the pod ends, until the container is gone.
      if let probe = container.readinessProbe { wanted[ProbeKey(container: run.id, kind: .readiness)] = (container, probe) }
    }
    return wanted
  }
}
