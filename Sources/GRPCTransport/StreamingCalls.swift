import Synchronization

/// The endless calls of a server, so that it can end them when it shuts down.
final class StreamingCalls: Sendable {
  private let ends: Mutex<[ObjectIdentifier: @Sendable () -> Void]> = Mutex([:])

  func add(_ id: ObjectIdentifier, end: @escaping @Sendable () -> Void) {
    ends.withLock { $0[id] = end }
  }

  func remove(_ id: ObjectIdentifier) {
    ends.withLock { _ = $0.removeValue(forKey: id) }
  }

  func endAll() {
    let all = ends.withLock { Array($0.values) }
    for end in all { end() }
  }
}
