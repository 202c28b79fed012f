import LinuxSystem
import RuntimeAPI
import Synchronization

/// A container in memory: what it was made as, and its state machine. Nothing but `apply` and `setResources` changes it.
final class Container: Sendable {
  let id: ContainerID
  let record: ContainerRecord
  var sandboxID: SandboxID { record.sandboxID }
  /// Serialises the calls that change it; a stop is not among them, so that a shorter one can overtake.
  let gate = Gate()
  /// Opens when its first process has ended, or never will be.
  let exited = Latch()
  let cpuRate = Mutex(CPURate())

  private struct State {
    var machine: ContainerMachine
    var resources: LinuxResources?
    var resourcesChanged = false
    /// The stop signal was sent: a second stop must not send it again.
    var stopSignalled = false
    /// A start request is on its way: podshim's list, which may be older, does not overrule it.
    var startUnderway = false
    var removed = false
  }
  private let state: Mutex<State>
  private let journal: Journal

  init(
    _ record: ContainerRecord, phase: ContainerMachine.Phase = .creating(ended: nil), state: ContainerStateRecord? = nil,
    journal: Journal
  ) {
    id = record.id
    self.record = record
    self.journal = journal
    let machine = ContainerMachine(phase)
    self.state = Mutex(
      State(
        machine: machine, resources: state?.resources ?? record.config.resources, resourcesChanged: state?.resources != nil))
    if machine.hasEnded { exited.open() }
  }

  var machine: ContainerMachine { state.withLock { $0.machine } }
  var resources: LinuxResources? { state.withLock { $0.resources } }

  /// Tells the container a fact. What follows from it has its place in the journal and in `publish`'s order before the next fact is
  /// looked at.
  /// - Parameter publish: puts an event in the queue; called under the container's lock.
  @discardableResult
  func apply(_ fact: ContainerFact, publish: (RuntimeEvent.Kind) -> Void) -> ContainerMachine {
    change(publish) { state in
      if state.startUnderway, case .made = fact { return .none }
      return state.machine.apply(fact)
    }
  }

  private func change(_ publish: (RuntimeEvent.Kind) -> Void, _ body: (inout State) -> ContainerEffects) -> ContainerMachine {
    let (machine, ends) = state.withLock { state in
      var effects = body(&state)
      if !state.startUnderway { effects = effects + state.machine.settleStart() }
      for event in effects.events { publish(event) }
      if effects.persists { journal.add(.container(id)) }
      return (state.machine, effects.ends)
    }
    if ends { exited.open() }
    return machine
  }

  /// Begins a start: from CREATED only.
  func beginStart(at time: Int64) throws(RuntimeError) {
    try state.withLock { (state) throws(RuntimeError) in
      guard case .created = state.machine.phase, !state.removed else {
        throw RuntimeError(.failedPrecondition, "container \(id) is \(state.machine.word), not created: it starts only once")
      }
      _ = state.machine.apply(.startSent(at: time))
      state.startUnderway = true
    }
  }

  /// An answer to a start is waited for.
  var isStarting: Bool { state.withLock { $0.startUnderway } }

  /// No answer to the start is waited for any more: what is known decides.
  func endStart(publish: (RuntimeEvent.Kind) -> Void) {
    _ = change(publish) { state in
      state.startUnderway = false
      return .none
    }
  }

  /// True for the one caller that is to send the stop signal.
  func beginStop() -> Bool {
    state.withLock { state in
      defer { state.stopSignalled = true }
      return !state.stopSignalled
    }
  }
  /// The signal could not be sent: the next stop sends it.
  func stopSignalFailed() { state.withLock { $0.stopSignalled = false } }

  func setResources(_ resources: LinuxResources) {
    state.withLock { state in
      (state.resources, state.resourcesChanged) = (resources, true)
      journal.add(.container(id))
    }
  }

  /// While its rows are being removed nothing of it is written; false again when that failed.
  func setRemoved(_ removed: Bool) { state.withLock { $0.removed = removed } }

  /// What is to be on disk now; nil: nothing but its record.
  var stateRecord: ContainerStateRecord? {
    state.withLock { state in
      if state.removed || state.machine.phase == .discarded { return nil }
      let record = ContainerStateRecord(
        startedAt: state.machine.startedAt, end: state.machine.end, resources: state.resourcesChanged ? state.resources : nil)
      return record == ContainerStateRecord() ? nil : record
    }
  }
}
