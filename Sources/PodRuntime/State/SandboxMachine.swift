import RuntimeAPI

/// What is learnt about a sandbox.
enum SandboxFact: Equatable, Sendable {
  /// Its pause process runs: made, or found running by podshim's list.
  case ready
  /// The pause process ended, or podshim with it.
  case ended
  /// StopPodSandbox was asked for: nothing new is made in it.
  case stopping
  /// Stopped and without network.
  case stopped
  case removed
}

struct SandboxEffects: Equatable, Sendable {
  var events: [RuntimeEvent.Kind] = []
  var persists = false
  static let none = SandboxEffects()
}

/// The life of a sandbox. `apply` is the only way to change it; facts that come late or twice have no effects.
struct SandboxMachine: Equatable, Sendable {
  enum Phase: Equatable, Sendable {
    case creating
    case ready
    /// Of an earlier agent, and its podshim has not answered yet: shown as not ready, until it does.
    case unreached
    /// Being stopped, or its pause has ended: it still holds its network.
    case ending
    case stopped
    case removed
  }
  private(set) var phase: Phase
  /// The events of its beginning were published.
  private var announced: Bool

  init(_ phase: Phase = .creating) {
    self.phase = phase
    announced = phase != .creating
  }

  mutating func apply(_ fact: SandboxFact) -> SandboxEffects {
    switch (phase, fact) {
    case (.creating, .ready):
      (phase, announced) = (.ready, true)
      return SandboxEffects(events: [.created, .started])
    case (.unreached, .ready):
      phase = .ready
      return .none
    case (.ready, .ended), (.ready, .stopping), (.unreached, .ended), (.unreached, .stopping):
      phase = .ending
      return SandboxEffects(events: [.stopped], persists: true)
    // Its pause died before anybody heard of it: the creation fails.
    case (.creating, .ended), (.creating, .stopping):
      phase = .ending
      return .none
    case (.ending, .stopped):
      phase = .stopped
      return SandboxEffects(persists: true)
    case (.removed, _): return .none
    case (_, .removed):
      phase = .removed
      return announced ? SandboxEffects(events: [.deleted]) : .none
    default: return .none
    }
  }

  var state: SandboxState { phase == .ready ? .ready : .notReady }
  /// For messages.
  var word: String {
    switch phase {
    case .creating: "being made"
    case .ready: "ready"
    case .unreached: "not reached: its podshim does not answer"
    case .ending, .stopped: "stopped"
    case .removed: "removed"
    }
  }
}
