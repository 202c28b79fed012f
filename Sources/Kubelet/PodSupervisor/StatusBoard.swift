internal import KubeModel
internal import Synchronization

/// The last published state of every pod; workers write, servers read.
final class StatusBoard: Sendable {
  private let pods = Mutex<[PodUID: Pod]>([:])

  func put(_ pod: Pod) { pods.withLock { $0[pod.podUID] = pod } }
  func remove(_ uid: PodUID) { pods.withLock { _ = $0.removeValue(forKey: uid) } }
  func get(_ uid: PodUID) -> Pod? { pods.withLock { $0[uid] } }
  var all: [Pod] {
    pods.withLock { Array($0.values) }.sorted {
      ($0.namespaceName, $0.podName, $0.podUID.rawValue) < ($1.namespaceName, $1.podName, $1.podUID.rawValue)
    }
  }
}
