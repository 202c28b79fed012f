internal import RuntimeAPI

/// Pods that an earlier agent left, until a source claims them or is known not to want them. Pure.
struct UnclaimedPods {
  /// As they were left.
  private var found: [PodUID: Adoption.Found] = [:]
  /// The runtime cannot say yet how they are.
  private var unread: Set<PodUID> = []
  /// Found, and there was news of them since they were read.
  private var stale: Set<PodUID> = []

  /// Those whose state is known.
  var uids: [PodUID] { Array(found.keys) }

  func isFound(_ uid: PodUID) -> Bool { found[uid] != nil }
  func isUnread(_ uid: PodUID) -> Bool { unread.contains(uid) }
  func contains(_ uid: PodUID) -> Bool { isFound(uid) || isUnread(uid) }

  mutating func leave(_ uid: PodUID, _ pod: Adoption.Found) { found[uid] = pod }

  mutating func leaveUnread(_ uid: PodUID) { unread.insert(uid) }

  /// - Returns: whether it was waited for.
  mutating func haveRead(_ uid: PodUID) -> Bool { unread.remove(uid) != nil }

  /// - Returns: the pod, and whether what was read of it is out of date.
  mutating func claim(_ uid: PodUID) -> (found: Adoption.Found, isStale: Bool)? {
    guard let pod = found.removeValue(forKey: uid) else { return nil }
    return (pod, stale.remove(uid) != nil)
  }

  // MARK: News

  mutating func note(_ uid: PodUID) { if found[uid] != nil { stale.insert(uid) } }

  mutating func noteAll() { stale.formUnion(found.keys) }

  /// What the runtime has now, in short.
  mutating func compare(_ pods: [PodUID: RuntimeOverview]) {
    for (uid, pod) in found where !(pods[uid] ?? RuntimeOverview()).agrees(with: pod.observed) { stale.insert(uid) }
  }
}
