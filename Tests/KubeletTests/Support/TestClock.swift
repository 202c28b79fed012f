import Foundation
import Kubelet
import Synchronization

/// Time that moves only when the test says so.
final class TestClock: Sendable {
  private struct State {
    var now: Int64 = 1_700_000_000_000_000_000
    var sleepers: [UUID: (until: Int64, continuation: CheckedContinuation<Void, any Error>)] = [:]
    var cancelled: Set<UUID> = []
    /// Sleeps that began or ended.
    var activity = 0
  }
  private let state = Mutex(State())

  var now: Int64 { state.withLock { $0.now } }
  var activity: Int { state.withLock { $0.activity } }

  /// How many sleep.
  var sleepers: Int { state.withLock { $0.sleepers.count } }

  func advance(seconds: Int64) { advance(milliseconds: seconds * 1000) }

  func advance(milliseconds: Int64) {
    let due = state.withLock { state in
      state.now += milliseconds * 1_000_000
      let ready = state.sleepers.filter { $0.value.until <= state.now }
      for key in ready.keys { state.sleepers[key] = nil }
      return ready.values.map(\.continuation)
    }
    for continuation in due { continuation.resume() }
  }

  var clock: KubeletClock {
    KubeletClock(now: { self.now }) { until in
      let id = UUID()
      try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          let outcome = self.state.withLock { state -> Result<Void, any Error>? in
            state.activity += 1
            if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
            if state.now >= until { return .success(()) }
            state.sleepers[id] = (until, continuation)
            return nil
          }
          if let outcome { continuation.resume(with: outcome) }
        }
      } onCancel: {
        let waiting = self.state.withLock { state in
          state.activity += 1
          let found = state.sleepers.removeValue(forKey: id)
          if found == nil { state.cancelled.insert(id) }
          return found?.continuation
        }
        waiting?.resume(throwing: CancellationError())
      }
    }
  }
}
