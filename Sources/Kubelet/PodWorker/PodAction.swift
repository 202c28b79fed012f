internal import RuntimeAPI

/// What a worker does. Steps that order a pod's life go one at a time; those beside them (image, hook, kill) one for each subject, so that
/// nothing holds up a liveness kill, a deadline or the pod's end.
enum PodAction: Equatable, Sendable {
  /// Directories, cgroup, volumes.
  case prepare
  case runSandbox(attempt: UInt32)
  case stopSandbox(SandboxID)
  /// Removes the sandbox with its containers.
  case removeSandbox(SandboxID)
  /// Create, start. `replaces` was created but never started.
  case startContainer(name: String, attempt: UInt32, replaces: ContainerID?)
  /// Stages stop one after another, the containers of a stage together; preStop hooks of all begin at once.
  case stopContainers(stages: [[ContainerStop]])
  /// Beside the others: the image of a container that is to start.
  case pullImage(name: String)
  /// Beside the others: the hook of a container that was started.
  case postStart(ContainerID, name: String)
  /// Beside the others: one container, because of itself.
  case killContainer(ContainerStop)
  /// Beside the others: volumes that say something of the pod.
  case refreshVolumes(version: Int)
  /// Beside the others: cpu and memory of containers that run.
  case resize(version: Int)
  /// A run nobody needs any more.
  case removeContainer(ContainerID)
  /// Releases volumes and cgroup.
  case tearDown
  /// Removes the pod's directories, logs and records: the last thing.
  case removeDirectories

  var subject: FailureSubject {
    switch self {
    case .prepare: .volumes
    case .runSandbox: .sandbox
    case .startContainer(let name, _, _): .container(name)
    case .pullImage(let name): .image(name)
    case .postStart(let id, _): .hook(id)
    case .killContainer(let item): .kill(item.id)
    case .refreshVolumes: .refresh
    case .resize: .resize
    case .stopContainers, .stopSandbox: .stop
    case .removeSandbox, .removeContainer, .tearDown, .removeDirectories: .tearDown
    }
  }
}

struct ContainerStop: Equatable, Sendable {
  enum Cause: Equatable, Sendable {
    case podEnds
    case liveness
    case startup
    case postStart
    /// The pod has another version of it.
    case changed
    /// All containers of the pod are restarted: without grace, and without a hook.
    case restartAll
    /// The pod has it no more.
    case removed
    /// The runtime lost sight of it.
    case unknown
  }
  var id: ContainerID
  var name: String
  /// Deadline of everything, hook included: a moment of `KubeletClock.now`.
  var deadline: Int64
  /// The hook has not run yet and there is grace for it.
  var runsPreStop: Bool
  var cause: Cause
}

/// The plan's answer.
struct Decision: Equatable, Sendable {
  var action: PodAction?
  /// The pod ends for a reason that the plan found: fold it in, and ask again.
  var termination: Termination?
  /// What goes on beside it.
  var beside: [PodAction] = []
  /// When to ask again if nothing happens: a moment of `KubeletClock.now`.
  var wakeUpAt: Int64?
  /// Nothing is left to do, ever: the worker ends.
  var isFinished = false
}
