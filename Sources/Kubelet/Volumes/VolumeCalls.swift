internal import LinuxSystem
internal import Synchronization

/// What is done to the volumes, directories and logs of pods, by place: one after the other. A file system
/// that hangs holds one thread for each, however often its pod tries again: once a call is late, whoever comes is told so at once.
final class VolumeCalls: Sendable {
  private final class Call: Sendable {
    let ended = Latch()
    let isLate = Atomic(false)
  }
  private let running = Mutex<[String: Call]>([:])

  /// - Returns: when `body` ended, or throws after `seconds`: then it goes on by itself, and later calls for the place fail until it ended.
  @discardableResult
  func run<R: Sendable>(
    _ place: String, what: String, seconds: Int, reason: String = "FailedMount",
    _ body: @escaping @Sendable () throws(KubeletError) -> R
  ) async throws(KubeletError) -> R {
    let call = Call()
    while let earlier = begin(place, call) {
      // A volume that is being refreshed, for one, is waited for by a container that starts.
      guard !earlier.isLate.load(ordering: .relaxed), await earlier.ended.wait(atMost: .seconds(seconds)) else {
        throw KubeletError(.timedOut, reason: reason, "\(what) has not finished since an earlier try; it is left waiting")
      }
    }
    do {
      return try await Deadline.run(what, seconds: seconds, reason: reason) { () throws(KubeletError) in
        defer {
          self.running.withLock { _ = $0.removeValue(forKey: place) }
          call.ended.open()
        }
        return try body()
      }
    } catch {
      call.isLate.store(true, ordering: .relaxed)
      throw error
    }
  }

  /// - Returns: the call for the place that is under way; nil: it is `call` from now on.
  private func begin(_ place: String, _ call: Call) -> Call? {
    running.withLock { running in
      if let earlier = running[place] { return earlier }
      running[place] = call
      return nil
    }
  }
}
