import LinuxSystem
import RuntimeAPI
import Synchronization

/// A sandbox in memory: what it was made as, its state machine, its podshim, and the gate that orders what is done to it: creating
/// containers passes shared, stopping and removing alone.
final class Sandbox: Sendable {
  let id: SandboxID
  let gate = Gate()
  /// Opens when it is known what its podshim says, or that it says nothing: an agent that starts has to ask.
  let settled: Latch
  let cpuRate = Mutex(CPURate())
  /// Commands that ExecSync runs in it, by exec id.
  let execs = Mutex<[String: ExecWaiter]>([:])

  private struct State {
    var record: SandboxRecord
    var machine: SandboxMachine
    var link: ShimLink?
    var namespace: SharedDescriptor?
    var removed = false
    var pausePID: Int32 = 0
    var resources = SandboxResourcesRecord()
  }
  private let state: Mutex<State>
  private let journal: Journal

  init(_ record: SandboxRecord, phase: SandboxMachine.Phase = .creating, journal: Journal) {
    id = record.id
    self.journal = journal
    settled = Latch(open: phase == .creating)
    state = Mutex(State(record: record, machine: SandboxMachine(phase)))
  }

  var record: SandboxRecord { state.withLock { $0.record } }
  var machine: SandboxMachine { state.withLock { $0.machine } }
  /// Its podshim; nil: it has ended, or was told to.
  var link: ShimLink? {
    get { state.withLock { $0.link } }
    set { state.withLock { $0.link = newValue } }
  }
  /// Takes the link away: what podshim does from now on is nobody's surprise.
  func takeLink() -> ShimLink? {
    state.withLock { state in
      defer { state.link = nil }
      return state.link
    }
  }
  /// The network namespace; holding it keeps it alive after pause has died, until StopPodSandbox.
  var namespace: SharedDescriptor? {
    get { state.withLock { $0.namespace } }
    set { state.withLock { $0.namespace = newValue } }
  }
  /// The process that holds its namespaces; 0 before it is known.
  var pausePID: Int32 {
    get { state.withLock { $0.pausePID } }
    set { state.withLock { $0.pausePID = newValue } }
  }
  /// What became of its resources since it was made.
  var resources: SandboxResourcesRecord {
    get { state.withLock { $0.resources } }
    set { state.withLock { $0.resources = newValue } }
  }
  /// Empty once it has stopped.
  var addresses: [String] { state.withLock { $0.machine.phase == .stopped ? [] : $0.record.addresses } }

  /// Before it is ready only: what it became while it was made.
  func setRecord(_ record: SandboxRecord) { state.withLock { $0.record = record } }

  /// As `Container.apply`.
  @discardableResult
  func apply(_ fact: SandboxFact, publish: (RuntimeEvent.Kind) -> Void) -> SandboxMachine {
    state.withLock { state in
      let effects = state.machine.apply(fact)
      for event in effects.events { publish(event) }
      if effects.persists { journal.add(.sandbox(id)) }
      return state.machine
    }
  }

  /// While its rows are being removed nothing of it is written; false again when that failed.
  func setRemoved(_ removed: Bool) { state.withLock { $0.removed = removed } }

  /// What is to be on disk now; nil: nothing but its record.
  var stateRecord: SandboxStateRecord? {
    state.withLock { state in
      switch state.machine.phase {
      case .ending where !state.removed: SandboxStateRecord(stopped: false)
      case .stopped where !state.removed: SandboxStateRecord(stopped: true)
      default: nil
      }
    }
  }
}
