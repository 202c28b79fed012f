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
    /// By namespace, name, UID.
    var order: [Place] = []
  }
  /// Where a pod stands in every list.
  private struct Place: Comparable {
    var namespace: String
    var name: String
    var uid: PodUID
    init(_ pod: Pod) { (namespace, name, uid) = (pod.namespaceName, pod.podName, pod.podUID) }
    static func < (left: Place, right: Place) -> Bool {
      (left.namespace, left.name, left.uid.rawValue) < (right.namespace, right.name, right.uid.rawValue)
    }
  }
  private let state = Mutex(State())

  @discardableResult
  func publish(_ pod: Pod) -> UInt64 {
    state.withLock { state in
      let uid = pod.podUID
      state.last += 1
      if let old = state.pods[uid] {
        let (place, new) = (Place(old.published.pod), Place(pod))
        if place != new {
          state.order.removeSorted(place)
          state.order.insertSorted(new)
        }
        state.pods[uid] = Entry(published: Published(pod: pod, version: state.last), acknowledged: old.acknowledged)
      } else {
        state.order.insertSorted(Place(pod))
        state.pods[uid] = Entry(published: Published(pod: pod, version: state.last))
      }
      return state.last
    }
  }

  func remove(_ uid: PodUID) {
    state.withLock { state in
      if let old = state.pods.removeValue(forKey: uid) { state.order.removeSorted(Place(old.published.pod)) }
    }
  }

  func get(_ uid: PodUID) -> Pod? { state.withLock { $0.pods[uid]?.published.pod } }

  var count: Int { state.withLock { $0.pods.count } }

  var all: [Pod] { state.withLock { state in state.order.compactMap { state.pods[$0.uid]?.published.pod } } }

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
      state.order.compactMap { state.pods[$0.uid] }.filter { isWanted($0.published.pod) }
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

extension Array where Element: Comparable {
  /// The first place that is not before the element.
  private func place(of element: Element) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < element { low = middle + 1 } else { high = middle }
    }
    return low
  }

  fileprivate mutating func insertSorted(_ element: Element) { insert(element, at: place(of: element)) }

  fileprivate mutating func removeSorted(_ element: Element) {
    let place = place(of: element)
    if place < count, self[place] == element { remove(at: place) }
  }
}
