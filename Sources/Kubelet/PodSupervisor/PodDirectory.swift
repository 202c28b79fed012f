internal import KubeModel

/// Which pods are wanted: what all sources said, merged. The first source that names a UID has it. Pure.
struct PodDirectory {
  private let sources: Set<String>
  private var synced: Set<String> = []
  private var owners: [PodUID: String] = [:]
  private(set) var wanted: [PodUID: Pod] = [:]

  init(sources: Set<String>) { self.sources = sources }

  /// Nothing is ended before every source has spoken.
  var isSynced: Bool { sources.isSubset(of: synced) }

  enum Change: Equatable {
    case none
    case set(PodUID)
    case deleted(PodUID)
    /// The last source has spoken.
    case synced
  }

  mutating func apply(_ event: SourceEvent, from source: String) -> Change {
    switch event {
    case .set(let pod):
      let uid = pod.podUID
      if let owner = owners[uid], owner != source { return .none }
      owners[uid] = source
      wanted[uid] = pod
      return .set(uid)
    case .delete(let uid):
      guard owners[uid] == source else { return .none }
      owners[uid] = nil
      wanted[uid] = nil
      return .deleted(uid)
    case .synced:
      let wasSynced = isSynced
      synced.insert(source)
      return isSynced && !wasSynced ? .synced : .none
    }
  }
}
