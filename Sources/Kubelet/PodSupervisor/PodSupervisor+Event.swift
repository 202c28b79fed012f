internal import RuntimeAPI

extension PodSupervisor {
  /// Everything that concerns more than one pod arrives in the supervisor's mailbox as one of these.
  enum Event: Sendable {
    /// `noticed`: when what it says was noticed.
    case source(String, SourceEvent, noticed: StartTraces.Moment = .now)
    case runtime(RuntimeEvent)
    /// The event stream had a gap: every pod is read again.
    case gap
    /// What the runtime has in all: who knows something else reads again.
    case overview([PodUID: RuntimeOverview])
    /// Whose a sandbox is that an event did not say; nil: nobody's here.
    case owner(SandboxID, PodUID?)
    /// A pod whose state could not be read at first.
    case adopted(PodUID, Adoption.Found)
    /// A pod reached its last phase: what it took of the node is free.
    case finished(PodUID)
    case ended(PodUID)
    /// Another version of a pod acts, which may take less of the node.
    case changed
    /// Pods of which there is a directory, or an empty cgroup.
    case directories([PodUID])
    /// What one left was removed, or could not be.
    case swept(PodUID)
    /// Images changed.
    case retry
    /// Addresses or capacity of the node changed.
    case nodeChanged
    case stopAll
  }
}
