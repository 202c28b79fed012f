import RuntimeAPI
import Testing

@testable import PodRuntime

@Suite("Container state machine")
struct ContainerMachineTests {
  typealias Phase = ContainerMachine.Phase
  static let end = ContainerEnd(finishedAt: 9, exitCode: 3, reason: "Error")
  static let other = ContainerEnd(finishedAt: 8, exitCode: 137, reason: "Error", startedAt: 4)
  static let refused = ContainerEnd(finishedAt: 7, exitCode: 128, reason: "StartError", message: "no")

  static let phases: [Phase] = [
    .creating(ended: nil), .creating(ended: end), .created, .starting(at: 5, ended: nil), .starting(at: 5, ended: end),
    .running(startedAt: 5),
    .exited(startedAt: 5, end), .discarded,
  ]
  static let facts: [ContainerFact] = [
    .made(pid: 1), .startSent(at: 5), .started(at: 5), .startFailed(message: "no", at: 7), .seenRunning(pid: 1, since: 4),
    .ended(other),
    .discarded,
  ]
  static let stopped = ContainerEffects(events: [.stopped], ends: true, persists: true)

  /// Rows: phases; columns: facts. nil: nothing changes and nothing is to be done.
  static let table: [[(Phase, ContainerEffects)?]] = [
    // made, startSent, started, startFailed, seenRunning, ended, discarded
    [
      (.created, ContainerEffects(events: [.created])), nil, nil, nil, nil, (.creating(ended: other), .none),
      (.discarded, ContainerEffects(ends: true)),
    ],
    [
      (.exited(startedAt: 0, end), ContainerEffects(events: [.created, .stopped], ends: true, persists: true)), nil, nil, nil, nil,
      nil, (.discarded, ContainerEffects(ends: true)),
    ],
    [
      nil, (.starting(at: 5, ended: nil), .none), (.running(startedAt: 5), ContainerEffects(events: [.started], persists: true)),
      (.exited(startedAt: 0, refused), stopped),
      (.running(startedAt: 4), ContainerEffects(events: [.started], persists: true)), (.exited(startedAt: 4, other), stopped),
      (.discarded, ContainerEffects(ends: true)),
    ],
    [
      (.created, .none), nil, (.running(startedAt: 5), ContainerEffects(events: [.started], persists: true)),
      (.exited(startedAt: 0, refused), stopped), (.running(startedAt: 5), ContainerEffects(events: [.started], persists: true)),
      (.starting(at: 5, ended: other), .none), nil,
    ],
    [
      nil, nil,
      (.exited(startedAt: 5, end), ContainerEffects(events: [.started, .stopped], ends: true, persists: true)),
      (.exited(startedAt: 0, refused), stopped), nil, nil, nil,
    ],
    [nil, nil, nil, nil, nil, (.exited(startedAt: 5, other), stopped), nil],
    [nil, nil, nil, nil, nil, nil, nil],
    [nil, nil, nil, nil, nil, nil, nil],
  ]

  @Test("Every fact in every phase", arguments: phases.indices)
  func transitions(_ row: Int) {
    for (column, fact) in Self.facts.enumerated() {
      var machine = ContainerMachine(Self.phases[row])
      let effects = machine.apply(fact)
      let expected = Self.table[row][column] ?? (Self.phases[row], .none)
      #expect(machine.phase == expected.0, "\(fact) in \(Self.phases[row])")
      #expect(effects == expected.1, "\(fact) in \(Self.phases[row])")
    }
  }

  @Test("An exit that overtakes the answer to the start is told after it, in any order of facts")
  func startedBeforeStopped() {
    let facts: [ContainerFact] = [.made(pid: 1), .startSent(at: 5), .started(at: 5), .ended(Self.end)]
    for order in Self.permutations(facts) {
      var machine = ContainerMachine()
      var events: [RuntimeEvent.Kind] = []
      // Facts are repeated, as a list after each of them would do.
      for fact in order + facts { events += machine.apply(fact).events }
      events += machine.settleStart().events
      #expect(machine.hasEnded, "\(order)")
      #expect(events.filter { $0 == .stopped }.count == 1, "\(order): \(events)")
      if let started = events.firstIndex(of: .started), let stopped = events.firstIndex(of: .stopped) {
        #expect(started < stopped, "\(order)")
      }
    }
  }

  @Test("What never started has no start time, whatever ended it")
  func neverStarted() {
    var machine = ContainerMachine()
    _ = machine.apply(.made(pid: 7))
    #expect(machine.pid == 7)
    _ = machine.apply(.ended(Self.end))
    #expect(machine.startedAt == 0 && machine.pid == 0 && machine.state == .exited)
    #expect(machine.apply(.startSent(at: 1)) == .none)
  }

  @Test("It is shown running only after its exec")
  func shown() {
    #expect(ContainerMachine(.starting(at: 5, ended: nil)).state == .created)
    #expect(ContainerMachine(.starting(at: 5, ended: nil)).startedAt == 0)
    #expect(ContainerMachine(.running(startedAt: 5)).state == .running)
  }

  private static func permutations<T>(_ items: [T]) -> [[T]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { index in
      var rest = items
      let item = rest.remove(at: index)
      return permutations(rest).map { [item] + $0 }
    }
  }
}
