import RuntimeAPI

/// How a container ended.
struct ContainerEnd: Equatable, Sendable {
  /// CLOCK_REALTIME nanoseconds.
  var finishedAt: Int64
  var exitCode: Int32
  /// `Completed`, `Error`, `OOMKilled`, `StartError`, `Unknown`. Source: CRI ContainerStatus.reason.
  var reason: String
  var message = ""
  /// When podshim was asked to start it, as podshim wrote it down; 0: it never was.
  var startedAt: Int64 = 0
}

/// What is learnt about a container, from podshim or from a call that made or changed it. Facts come in any order and more than once: by
/// reply, by event and by podshim's list.
enum ContainerFact: Equatable, Sendable {
  /// podshim made its process, which waits for its start. The answer to the request, or an entry of podshim's list.
  case made(pid: Int32)
  /// The start request is on its way.
  case startSent(at: Int64)
  /// exec succeeded; `at` is when it was asked for.
  case started(at: Int64)
  /// It never ran.
  case startFailed(message: String, at: Int64)
  /// podshim's list shows it running; `since` is when podshim was asked to start it.
  case seenRunning(pid: Int32, since: Int64)
  case ended(ContainerEnd)
  /// Its creation was undone.
  case discarded
}

/// What the owner of a container has to do after a transition.
struct ContainerEffects: Equatable, Sendable {
  /// Events to publish, in this order.
  var events: [RuntimeEvent.Kind] = []
  /// It has ended now: wake who waits for that.
  var ends = false
  /// The kept state differs from what is on disk.
  var persists = false

  static let none = ContainerEffects()
}

/// The life of a container. `apply` is the only way to change it; it never refuses a fact: one that comes late or twice has no effects.
struct ContainerMachine: Equatable, Sendable {
  enum Phase: Equatable, Sendable {
    /// Registered before its process is made, so that no exit comes too early: one that overtakes the answer waits here for it.
    case creating(ended: ContainerEnd?)
    case created
    /// The start request was sent. An exit that overtakes the answer waits here for it: nothing stops before it started.
    case starting(at: Int64, ended: ContainerEnd?)
    case running(startedAt: Int64)
    /// `startedAt` 0: it never ran.
    case exited(startedAt: Int64, ContainerEnd)
    /// The creation was undone: known until podshim has forgotten it.
    case discarded
  }
  private(set) var phase: Phase
  /// On the host; 0 when it has no process.
  private(set) var pid: Int32 = 0

  init(_ phase: Phase = .creating(ended: nil)) { self.phase = phase }

  mutating func apply(_ fact: ContainerFact) -> ContainerEffects {
    switch (phase, fact) {
    case (.creating(nil), .made(let pid)):
      (phase, self.pid) = (.created, pid)
      return ContainerEffects(events: [.created])
    case (.creating(.some(let end)), .made): return ContainerEffects(events: [.created]) + finish(end, startedAt: 0)
    case (.creating(nil), .ended(let end)):
      phase = .creating(ended: end)
      return .none
    case (.created, .startSent(let time)):
      phase = .starting(at: time, ended: nil)
      return .none
    // The agent, or the connection, broke before the request arrived: whoever wanted the start asks again.
    case (.starting(_, nil), .made(let pid)):
      (phase, self.pid) = (.created, pid)
      return .none
    case (.starting(let time, nil), .started), (.created, .started(let time)): return run(since: time)
    case (.starting(let time, .some(let end)), .started):
      return ContainerEffects(events: [.started]) + finish(end, startedAt: time)
    case (.starting, .startFailed(let message, let time)), (.created, .startFailed(let message, let time)):
      return finish(ContainerEnd(finishedAt: time, exitCode: 128, reason: "StartError", message: message), startedAt: 0)
    case (.starting(let time, nil), .seenRunning(let pid, _)):
      self.pid = pid
      return run(since: time)
    // Its start was not written down any more: podshim knows.
    case (.created, .seenRunning(let pid, let time)):
      self.pid = pid
      return run(since: time)
    case (.running, .seenRunning(let pid, _)):
      self.pid = pid
      return .none
    case (.created, .ended(let end)): return finish(end, startedAt: end.startedAt)
    case (.starting(let time, nil), .ended(let end)):
      (phase, pid) = (.starting(at: time, ended: end), 0)
      return .none
    case (.running(let time), .ended(let end)): return finish(end, startedAt: time == 0 ? end.startedAt : time)
    case (.creating, .discarded), (.created, .discarded):
      (phase, pid) = (.discarded, 0)
      return ContainerEffects(ends: true)
    default: return .none
    }
  }

  /// No answer to the start is waited for any more: an exit that waited for it is told.
  mutating func settleStart() -> ContainerEffects {
    guard case .starting(let time, .some(let end)) = phase else { return .none }
    return ContainerEffects(events: [.started]) + finish(end, startedAt: time)
  }

  private mutating func run(since time: Int64) -> ContainerEffects {
    phase = .running(startedAt: time)
    return ContainerEffects(events: [.started], persists: true)
  }

  private mutating func finish(_ end: ContainerEnd, startedAt: Int64) -> ContainerEffects {
    (phase, pid) = (.exited(startedAt: startedAt, end), 0)
    return ContainerEffects(events: [.stopped], ends: true, persists: true)
  }
}

extension ContainerEffects {
  static func + (first: Self, second: Self) -> Self {
    Self(events: first.events + second.events, ends: first.ends || second.ends, persists: first.persists || second.persists)
  }
}

extension ContainerMachine {
  /// As the CRI shows it: RUNNING only after its exec.
  var state: ContainerState {
    switch phase {
    case .creating, .created, .starting: .created
    case .running: .running
    case .exited, .discarded: .exited
    }
  }
  var startedAt: Int64 {
    switch phase {
    case .running(let time), .exited(let time, _): time
    default: 0
    }
  }
  var end: ContainerEnd? { if case .exited(_, let end) = phase { end } else { nil } }
  var hasEnded: Bool {
    switch phase {
    case .exited, .discarded: true
    default: false
    }
  }
  /// For messages.
  var word: String {
    switch phase {
    case .creating: "being created"
    case .created: "created"
    case .starting: "starting"
    case .running: "running"
    case .exited: "exited"
    case .discarded: "discarded"
    }
  }
}
