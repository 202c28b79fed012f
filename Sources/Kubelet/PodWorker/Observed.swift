internal import KubeModel
internal import RuntimeAPI

/// All a worker knows about its pod, folded from events. A value: the plan and the status are functions of it.
struct Observed: Sendable {
  /// By attempt, oldest first.
  var sandboxes: [SandboxInstance] = []
  /// By container name; runs by attempt, oldest first.
  var containers: [String: [ContainerInstance]] = [:]
  var areVolumesReady = false
  /// Counts versions of what volumes say of the pod and of the containers' amounts, and which of them act.
  var volumeVersions = (wanted: 0, done: 0)
  var resizeVersions = (wanted: 0, done: 0)
  var pendingResize: PodResize.Pending?
  /// Volumes released and the pod's cgroup removed.
  var isTornDown = false
  var areDirectoriesRemoved = false
  var termination: Termination?
  var failures: [FailureSubject: Failure] = [:]
  var backoffs: [String: CrashBackoff] = [:]
  /// Hooks that must not run a second time.
  var preStopStarted: Set<ContainerID> = []
  /// Images that were found for the next start of a container.
  var images: [String: ImageInfo] = [:]
  /// First time the kubelet saw the pod: a moment of `KubeletClock.now`, and the date to show.
  var startedAt: Int64 = 0
  var startDate: Int64 = 0
  /// Counts the containers and sandboxes it learned of.
  var news = 0
  /// When the event that is folded in arrived.
  var reading = ClockReading.same
  /// Runs that a restart of all containers replaces: remembered over restarts of the agent.
  var restartingRuns: [ContainerID: ContainerInstance.RestartsWithAll] = [:]
  /// Every init container succeeded once.
  var wasInitialized = false
  /// The addresses of the last sandbox that had any: kept when it is gone.
  var podIPs: [String] = []

  var sandbox: SandboxInstance? { sandboxes.last }

  /// The newest run of a container, in whatever sandbox.
  func latest(_ name: String) -> ContainerInstance? { containers[name]?.last }

  /// The newest run in the current sandbox.
  func current(_ name: String) -> ContainerInstance? {
    latest(name).flatMap { $0.status.sandboxID == sandbox?.status.id ? $0 : nil }
  }

  func instance(_ id: ContainerID) -> ContainerInstance? {
    for runs in containers.values {
      if let found = runs.first(where: { $0.id == id }) { return found }
    }
    return nil
  }

  /// Containers are being restarted together, and not all of them began again.
  var isRestartingAll: Bool { containers.values.contains { $0.last?.restartsWithAll != nil } }

  var live: [ContainerInstance] { containers.values.flatMap { $0.filter(\.isLive) }.sorted { $0.name < $1.name } }

  mutating func update(_ id: ContainerID, _ change: (inout ContainerInstance) -> Void) {
    for (name, runs) in containers {
      if let index = runs.firstIndex(where: { $0.id == id }) {
        change(&containers[name]![index])
        return
      }
    }
  }
}
