internal import RuntimeAPI

/// One run of a container: what the runtime says, and what only the kubelet knows.
struct ContainerInstance: Sendable, Equatable {
  enum Illness: Sendable, Equatable {
    case liveness(grace: Int64?)
    case startup(grace: Int64?)
    case postStart
    /// It cannot have its new amounts while it runs.
    case resize
    /// Its pod restarts all containers.
    case restartAll
  }
  var status: RuntimeAPI.ContainerStatus
  /// The postStart hook ended well, or there is none.
  var isPastPostStart = false
  /// The startup probe succeeded, or there is none.
  var isStarted = false
  /// The readiness probe's last verdict, or true without one.
  var isReady = false
  /// Must be stopped, and restarted as its policy says.
  var illness: Illness?
  /// The text the container left, read after it ended.
  var terminationMessage: String?
  /// The postStart hook was begun: it never runs a second time.
  var isPostStartBegun = false
  /// Stopped because its pod has another version of it: the new one starts whatever the policy says.
  var isReplaced = false
  /// Stopped because its startup or liveness probe said so.
  var isKilledForProbe = false
  /// One of the runs that a restart of all containers replaces, and what it was when that began.
  var restartsWithAll: RestartsWithAll?
  /// When it ended, as a moment of `KubeletClock.now`.
  var endedAt: Int64 = 0
  /// Its number among the worker's news: a listing that began earlier says nothing about it.
  var seen = 0

  enum RestartsWithAll: String, Sendable, Codable {
    /// Its exit asked for the restart.
    case source
    case running
    case ended
  }

  var id: ContainerID { status.id }
  var name: String { status.metadata.name }
  var attempt: UInt32 { status.metadata.attempt }
  var isLive: Bool { status.state == .running || status.state == .unknown }
  /// It was made and never ran: the agent or the runtime died in between. A failed start is an end like others.
  var neverRan: Bool { status.state == .exited && status.startedAt == 0 && status.reason != "StartError" }
  /// It ran, or failed to, and ended.
  var hasExited: Bool { status.state == .exited && !neverRan }
}

extension UInt32 {
  /// The attempt after this one. The last number stays: whoever named a container so gets an error of the runtime, not a trap of the agent.
  var next: UInt32 { self == .max ? self : self + 1 }
}
