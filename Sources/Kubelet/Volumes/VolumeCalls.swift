internal import Synchronization

/// Set-ups of volumes, of parts of them and of the files of containers that are under way, by place. A file system that hangs holds one
/// thread for each, however often its pod tries again, and one waiter: whoever comes later is told at once.
final class VolumeCalls: Sendable {
  private let running = Mutex<Set<String>>([])

  /// - Returns: when `body` ended, or throws after `seconds`: then it goes on by itself, and later calls for the place fail until it ended.
  func run(
    _ place: String, what: String, seconds: Int, _ body: @escaping @Sendable () throws(KubeletError) -> Void
  ) async throws(KubeletError) {
    guard running.withLock({ $0.insert(place).inserted }) else {
      throw KubeletError(.timedOut, reason: "FailedMount", "\(what) has not finished since an earlier try; it is left waiting")
    }
    try await Deadline.run(what, seconds: seconds) { () throws(KubeletError) in
      defer { _ = self.running.withLock { $0.remove(place) } }
      try body()
    }
  }
}
