internal import KubeModel

/// What a source says, in order.
enum SourceEvent: Sendable {
  /// Wanted as given: a new pod, or a new version under the same UID.
  case set(Pod)
  /// Not wanted any more.
  case delete(PodUID)
  /// Everything the source has was said: what none of the sources named is not wanted.
  case synced
}

/// From what a source wants now to what changed.
struct SourceDifference {
  private struct Known {
    var pod: Pod
    var contentHash: String
    var path: String
  }
  private var known: [PodUID: Known] = [:]

  mutating func events(_ snapshot: SourceSnapshot) -> [SourceEvent] {
    if snapshot.isUnreadable { return [] }
    var events: [SourceEvent] = []
    var next: [PodUID: Known] = [:]
    for desired in snapshot.pods {
      let uid = desired.pod.podUID
      if next[uid] != nil { continue }
      if let old = known[uid], !desired.contentHash.isEmpty, old.contentHash == desired.contentHash, old.path == desired.path {
        next[uid] = old
        continue
      }
      next[uid] = Known(pod: desired.pod, contentHash: desired.contentHash, path: desired.path)
      if let old = known[uid]?.pod, old.metadata == desired.pod.metadata, old.spec == desired.pod.spec { continue }
      events.append(.set(desired.pod))
    }
    events += known.keys.filter { next[$0] == nil }.sorted { $0.rawValue < $1.rawValue }.map { .delete($0) }
    known = next
    if !snapshot.isPartial { events.append(.synced) }
    return events
  }
}
