internal import FoundationEssentials
internal import KubeModel
internal import Synchronization

/// The last state of every pod, with a version for each change. Workers publish, servers read; one who must carry every state elsewhere
/// asks for what is not acknowledged yet, and acknowledges what arrived.
final class StatusPublisher: Sendable {
  struct Published: Sendable {
    var pod: Pod
    /// Grows with every change of any pod.
    var version: UInt64
  }
  private struct Entry {
    var published: Published
    var acknowledged: UInt64 = 0
    /// The JSON text of this version, written when it is asked for first.
    var json: [UInt8]?
  }
  private struct State {
    var last: UInt64 = 0
    var pods: [PodUID: Entry] = [:]
    /// By namespace, name, UID; nil: to be sorted again.
    var order: [PodUID]?

    mutating func sorted() -> [PodUID] {
      if let order { return order }
      let sorted = pods.values.map(\.published.pod).sorted {
        ($0.namespaceName, $0.podName, $0.podUID.rawValue) < ($1.namespaceName, $1.podName, $1.podUID.rawValue)
      }.map(\.podUID)
      order = sorted
      return sorted
    }
  }
  private let state = Mutex(State())

  @discardableResult
  func publish(_ pod: Pod) -> UInt64 {
    state.withLock { state in
      let uid = pod.podUID
      state.last += 1
      if let old = state.pods[uid] {
        if old.published.pod.metadata.name != pod.metadata.name { state.order = nil }
        state.pods[uid] = Entry(published: Published(pod: pod, version: state.last), acknowledged: old.acknowledged)
      } else {
        state.order = nil
        state.pods[uid] = Entry(published: Published(pod: pod, version: state.last))
      }
      return state.last
    }
  }

  func remove(_ uid: PodUID) {
    state.withLock { state in if state.pods.removeValue(forKey: uid) != nil { state.order = nil } }
  }

  func get(_ uid: PodUID) -> Pod? { state.withLock { $0.pods[uid]?.published.pod } }

  var all: [Pod] { state.withLock { state in state.sorted().compactMap { state.pods[$0]?.published.pod } } }

  // MARK: Acknowledgement

  /// What changed since it was acknowledged last, oldest change first.
  var unacknowledged: [Published] {
    state.withLock { state in
      state.pods.values.filter { $0.acknowledged < $0.published.version }.map(\.published).sorted { $0.version < $1.version }
    }
  }

  /// That version arrived; an older one than the present leaves the pod unacknowledged.
  func acknowledge(_ uid: PodUID, version: UInt64) {
    state.withLock { state in
      guard let old = state.pods[uid]?.acknowledged else { return }
      state.pods[uid]?.acknowledged = max(old, version)
    }
  }

  // MARK: JSON

  /// A v1.PodList.
  func listJSON() -> [UInt8] {
    let items = written { _ in true }
    var text = Array(#"{"apiVersion":"v1","items":["#.utf8)
    text.reserveCapacity(items.reduce(100) { $0 + $1.count + 1 })
    for (index, item) in items.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text += item
    }
    text += #"],"kind":"PodList","metadata":{}}"#.utf8
    return text
  }

  func json(namespace: String, name: String) -> [String] {
    written { (namespace.isEmpty || $0.namespaceName == namespace) && (name.isEmpty || $0.podName == name) }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  private func written(_ isWanted: (Pod) -> Bool) -> [[UInt8]] {
    let found = state.withLock { state in
      state.sorted().compactMap { state.pods[$0] }.filter { isWanted($0.published.pod) }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return found.compactMap { entry in
      if let json = entry.json { return json }
      // Outside the lock: writing takes longer than everything else here.
      guard let json = try? [UInt8](encoder.encode(entry.published.pod)) else { return nil }
      state.withLock { state in
        let uid = entry.published.pod.podUID
        if state.pods[uid]?.published.version == entry.published.version { state.pods[uid]?.json = json }
      }
      return json
    }
  }
}
