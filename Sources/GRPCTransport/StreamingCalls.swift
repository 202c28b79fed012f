import Synchronization

/// The endless calls of a server, so that it can end them when it shuts down.
final class StreamingCalls: Sendable {
  private let ends: Mutex<[ObjectIdentifier: @Sendable () -> Void]> = Mutex([:])

  /// At a time: for each of them up to a thousand events may wait. A kubelet has one.
  static let limit = 256

  /// False, and nothing is kept, when there are too many.
  func add(_ id: ObjectIdentifier, end: @escaping @Sendable () -> Void) -> Bool {
    ends.withLock { ends in
      guard ends.count < Self.limit else { return false }
      ends[id] = end
      return true
    }
  }

  func remove(_ id: ObjectIdentifier) {
    ends.withLock { _ = $0.removeValue(forKey: id) }
  }

  func endAll() {
    let all = ends.withLock { Array($0.values) }
    for end in all { end() }
  }
}
