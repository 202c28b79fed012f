internal import KubeModel
internal import RuntimeAPI

/// The logs of one pod's containers that run, which are rotated.
struct WorkerLogs {
  private let services: PodServices
  private var followed: Set<ContainerID> = []

  init(_ services: PodServices) { self.services = services }

  mutating func reconcile(_ pod: Pod, _ observed: Observed) {
    guard let rotation = services.logRotation else { return }
    let running = observed.live.filter { $0.status.state == .running }
    for run in running where followed.insert(run.id).inserted {
      rotation.follow(run.id, services.paths(pod).log(run.name, attempt: run.attempt))
    }
    guard followed.count > running.count else { return }
    let kept = Set(running.map(\.id))
    for id in followed.subtracting(kept) { rotation.forget(id) }
    followed = kept
  }
}
