internal import KubeModel
internal import RuntimeAPI

/// Reads what ended containers left behind, once for each run.
struct WorkerMessages {
  private let services: PodServices
  private let report: @Sendable (PodEvent) -> Void
  private var begun: Set<ContainerID> = []

  init(_ services: PodServices, report: @escaping @Sendable (PodEvent) -> Void) {
    (self.services, self.report) = (services, report)
  }

  mutating func read(_ pod: Pod, _ observed: Observed) {
    for run in observed.containers.values.joined() where run.hasExited && run.terminationMessage == nil {
      guard begun.insert(run.id).inserted, let container = pod.container(named: run.name)?.container else { continue }
      let file = services.paths(pod).terminationLog(run.name, attempt: run.attempt)
      let log = run.status.logPath.isEmpty ? nil : run.status.logPath
      let (report, id, exitCode, count) = (report, run.id, run.status.exitCode, pod.allContainers.count)
      let fallsBack = container.messageFallsBackToLogs
      Task {
        let text = try? await PodVolumes.calls.run(file, what: "reading a termination message", seconds: 10) {
          () throws(KubeletError) in
          TerminationMessage.read(file: file, log: log, fallsBack: fallsBack, exitCode: exitCode, containers: count)
        }
        report(.terminationMessage(id, text ?? ""))
      }
    }
    if begun.count > 16 { begun.formIntersection(observed.containers.values.joined().map(\.id)) }
  }
}
