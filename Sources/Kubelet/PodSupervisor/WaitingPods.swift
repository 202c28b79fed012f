internal import KubeModel

/// Pods that are wanted and do not run: those that wait for the old pod of their name, and those that did not fit. Each wait is found by
/// what ends it, so that the end of one pod costs the same however many wait.
struct WaitingPods {
  /// By name, in the order of arrival.
  private var byName: [String: [PodUID]] = [:]
  private var names: [PodUID: String] = [:]
  /// Why, and the place in the order of arrival.
  private var refusals: [PodUID: (refusal: Admission.Refusal, place: Int)] = [:]
  /// What was found out about the pod alone.
  private var verdicts: [PodUID: Admission.Refusal?] = [:]
  private var arrived = 0

  /// Those that were refused, in the order of arrival.
  var refused: [PodUID] { refusals.sorted { $0.value.place < $1.value.place }.map(\.key) }

  func held(_ name: String) -> [PodUID] { byName[name] ?? [] }

  func refusal(_ uid: PodUID) -> Admission.Refusal? { refusals[uid]?.refusal }

  mutating func hold(_ uid: PodUID, name: String) {
    if names[uid] == name { return }
    release(uid)
    names[uid] = name
    byName[name, default: []].append(uid)
  }

  /// - Returns: whether the refusal is news.
  mutating func refuse(_ uid: PodUID, _ refusal: Admission.Refusal) -> Bool {
    release(uid)
    let old = refusals[uid]
    if old == nil { arrived += 1 }
    refusals[uid] = (refusal, old?.place ?? arrived)
    return old?.refusal != refusal
  }

  /// The answer of a check whose cost is that of the whole pod, found once for each version of it.
  mutating func verdict(_ uid: PodUID, _ find: () -> Admission.Refusal?) -> Admission.Refusal? {
    if let known = verdicts[uid] { return known }
    let found = find()
    verdicts[uid] = .some(found)
    return found
  }

  /// The pod has another version.
  mutating func forget(verdictOf uid: PodUID) { verdicts[uid] = nil }

  /// - Returns: whether it had been refused.
  mutating func remove(_ uid: PodUID) -> Bool {
    release(uid)
    verdicts[uid] = nil
    return refusals.removeValue(forKey: uid) != nil
  }

  private mutating func release(_ uid: PodUID) {
    guard let name = names.removeValue(forKey: uid) else { return }
    byName[name]?.removeAll { $0 == uid }
    if byName[name]?.isEmpty == true { byName[name] = nil }
  }
}
