import RuntimeAPI
import Testing

@testable import PodRuntime

@Suite("Sandbox state machine")
struct SandboxMachineTests {
  typealias Phase = SandboxMachine.Phase
  static let phases: [Phase] = [.creating, .ready, .unreached, .ending, .stopped, .removed]
  static let facts: [SandboxFact] = [.ready, .ended, .stopping, .stopped, .removed]
  static let stops = SandboxEffects(events: [.stopped], persists: true)
  static let deletes = SandboxEffects(events: [.deleted])

  /// Rows: phases; columns: facts. nil: nothing changes and nothing is to be done.
  static let table: [[(Phase, SandboxEffects)?]] = [
    // ready, ended, stopping, stopped, removed
    [(.ready, SandboxEffects(events: [.created, .started])), (.ending, .none), (.ending, .none), nil, (.removed, .none)],
    [nil, (.ending, stops), (.ending, stops), nil, (.removed, deletes)],
    [(.ready, .none), (.ending, stops), (.ending, stops), nil, (.removed, deletes)],
    [nil, nil, nil, (.stopped, SandboxEffects(persists: true)), (.removed, deletes)],
    [nil, nil, nil, nil, (.removed, deletes)],
    [nil, nil, nil, nil, nil],
  ]

  @Test("Every fact in every phase", arguments: phases.indices)
  func transitions(_ row: Int) {
    for (column, fact) in Self.facts.enumerated() {
      var machine = SandboxMachine(Self.phases[row])
      let effects = machine.apply(fact)
      let expected = Self.table[row][column] ?? (Self.phases[row], .none)
      #expect(machine.phase == expected.0, "\(fact) in \(Self.phases[row])")
      #expect(effects == expected.1, "\(fact) in \(Self.phases[row])")
    }
  }

  @Test("Only what is ready is shown so, and what stopped never comes back")
  func shown() {
    for phase in Self.phases { #expect((SandboxMachine(phase).state == .ready) == (phase == .ready)) }
    var machine = SandboxMachine(.stopped)
    for fact in Self.facts.dropLast() { _ = machine.apply(fact) }
    #expect(machine.phase == .stopped)
  }

  @Test("A sandbox that was never announced is not announced as deleted")
  func unannounced() {
    var machine = SandboxMachine()
    #expect(machine.apply(.ended) == .none)
    #expect(machine.apply(.ready) == .none, "its pause is dead: it never becomes ready")
    #expect(machine.apply(.removed) == .none)
  }
}
