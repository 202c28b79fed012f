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

/// What a source says at one moment.
public struct SourceNews: Sendable {
  let events: [SourceEvent]
  /// What a person should see.
  let notices: [SourceSnapshot.Event]
  /// When the change was noticed.
  let noticed: ContinuousClock.Instant
}

/// From what a source wants now to what changed.
struct SourceDifference {
  private struct Known {
    var pod: Pod
    var contentHash: String
    var path: String
  }
  private var known: [PodUID: Known] = [:]

  mutating func news(_ snapshot: SourceSnapshot) -> SourceNews {
    SourceNews(events: events(snapshot), notices: snapshot.events, noticed: snapshot.noticed)
  }

  mutating func events(_ snapshot: SourceSnapshot) -> [SourceEvent] {
    if snapshot.isUnreadable { return [] }
    var events: [SourceEvent] = []
    var named: Set<PodUID> = []
    for desired in snapshot.pods {
      let uid = desired.pod.podUID
      guard named.insert(uid).inserted else { continue }
      let old = known[uid]
      if let old, !desired.contentHash.isEmpty, old.contentHash == desired.contentHash, old.path == desired.path { continue }
      known[uid] = Known(pod: desired.pod, contentHash: desired.contentHash, path: desired.path)
      if let old = old?.pod, old.metadata == desired.pod.metadata, old.spec == desired.pod.spec { continue }
      events.append(.set(desired.pod))
    }
    let gone = snapshot.gone?.filter { known[$0] != nil && !named.contains($0) } ?? Set(known.keys.filter { !named.contains($0) })
    for uid in gone.sorted(by: { $0.rawValue < $1.rawValue }) {
      known[uid] = nil
      events.append(.delete(uid))
    }
    if !snapshot.isPartial, snapshot.gone == nil { events.append(.synced) }
    return events
  }
}
