internal import RuntimeAPI

/// Whose news an event of the runtime is. Pure.
struct RuntimeRouter {
  private enum Owner: Equatable {
    case pod(PodUID)
    /// Made by somebody else: its events are nobody's here.
    case foreign
  }
  private var owners: [SandboxID: Owner] = [:]
  private var sandboxes: [PodUID: Set<SandboxID>] = [:]

  enum Route {
    /// For a pod; incomplete news has to be read up.
    case pod(PodUID, [PodEvent], isComplete: Bool)
    case nobody
    /// The event does not say whose: ask the runtime.
    case unknown(SandboxID)
  }

  mutating func own(_ sandbox: SandboxID, _ uid: PodUID?) {
    guard let uid else {
      owners[sandbox] = .foreign
      return
    }
    owners[sandbox] = .pod(uid)
    sandboxes[uid, default: []].insert(sandbox)
  }

  mutating func forget(_ uid: PodUID) { for sandbox in sandboxes.removeValue(forKey: uid) ?? [] { owners[sandbox] = nil } }

  private mutating func disown(_ sandbox: SandboxID, _ uid: PodUID) {
    sandboxes[uid]?.remove(sandbox)
    if sandboxes[uid]?.isEmpty == true { sandboxes[uid] = nil }
  }

  /// What is not there any more is forgotten: the news of its end may have been lost. Of one that came meanwhile its next news says whose
  /// it is.
  mutating func keep(_ there: Set<SandboxID>) {
    for (sandbox, owner) in owners where !there.contains(sandbox) {
      owners[sandbox] = nil
      if case .pod(let uid) = owner { disown(sandbox, uid) }
    }
  }

  /// How many sandboxes and pods are known.
  var count: Int { owners.count + sandboxes.count }

  mutating func route(_ event: RuntimeEvent) -> Route {
    let isSandbox = event.containerID == event.sandboxID.rawValue
    if let uid = event.sandbox?.labels[Labels.podUID] ?? event.containers.first?.labels[Labels.podUID] {
      own(event.sandboxID, PodUID(uid))
    } else if event.sandbox != nil, owners[event.sandboxID] == nil {
      own(event.sandboxID, nil)
    }
    let owner = owners[event.sandboxID]
    if event.kind == .deleted, isSandbox {
      owners[event.sandboxID] = nil
      if case .pod(let uid)? = owner { disown(event.sandboxID, uid) }
    }
    switch owner {
    case .foreign: return .nobody
    case nil: return event.kind == .deleted ? .nobody : .unknown(event.sandboxID)
    case .pod(let uid):
      if event.kind == .deleted {
        let news = isSandbox ? PodEvent.sandboxRemoved(event.sandboxID) : .containerRemoved(ContainerID(event.containerID))
        return .pod(uid, [news], isComplete: true)
      }
      let news = (event.sandbox.map { [PodEvent.sandbox($0)] } ?? []) + event.containers.map { .container($0) }
      let isComplete = isSandbox ? event.sandbox != nil : event.containers.contains { $0.id.rawValue == event.containerID }
      return .pod(uid, news, isComplete: isComplete)
    }
  }
}
