internal import RuntimeAPI

/// What a worker does next; at most one at a time.
enum PodAction: Equatable, Sendable {
  /// Directories, cgroup, volumes.
  case prepare
  case runSandbox(attempt: UInt32)
  case stopSandbox(SandboxID)
  /// Removes the sandbox with its containers.
  case removeSandbox(SandboxID)
  /// Image, create, start, postStart. `replaces` was created but never started.
  case startContainer(name: String, attempt: UInt32, replaces: ContainerID?)
  /// Stages stop one after another, the containers of a stage together; preStop hooks of all begin at once.
  case stopContainers(stages: [[ContainerStop]])
  /// A run nobody needs any more.
  case removeContainer(ContainerID)
  /// Releases volumes and cgroup.
  case tearDown
  /// Removes the pod's directories, logs and records: the last thing.
  case removeDirectories
  /// The pod ends for a reason found by the plan; done by folding it in.
  case terminate(Termination)

  var subject: FailureSubject {
    switch self {
    case .prepare: .volumes
    case .runSandbox: .sandbox
    case .startContainer(let name, _, _): .container(name)
    case .stopContainers, .stopSandbox, .terminate: .stop
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
  }
  var id: ContainerID
  var name: String
  /// CRI deadline for everything, hook included: CLOCK_REALTIME nanoseconds.
  var deadline: Int64
  /// The hook has not run yet and there is grace for it.
  var runsPreStop: Bool
  var cause: Cause
}

/// The plan's answer.
struct Decision: Equatable, Sendable {
  var action: PodAction?
  /// When to ask again if nothing happens: CLOCK_REALTIME nanoseconds.
  var wakeUpAt: Int64?
  /// Nothing is left to do, ever: the worker ends.
  var isFinished = false
}
