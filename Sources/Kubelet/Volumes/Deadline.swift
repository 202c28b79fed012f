internal import LinuxSystem
internal import Synchronization

/// Runs something that may block for ever (a dead network file system) on a thread of its own and waits only so long. When the time is
/// over the thread is left behind with its call; the pod waits, nobody else does. For places that are tried again: `VolumeCalls`. A call that
/// blocks cannot be cancelled: a cancelled task waits for it as long as any other.
enum Deadline {
  /// - Parameter reason: of the error.
  static func run<R: Sendable>(
    _ what: String, seconds: Int, reason: String, _ body: @escaping @Sendable () throws(KubeletError) -> R
  ) async throws(KubeletError) -> R {
    let result: Result<R, KubeletError> = await withCheckedContinuation { continuation in
      let gate = Gate(continuation)
      let timer = Alarm.call(after: .seconds(seconds)) {
        gate.resume(
          .failure(KubeletError(.timedOut, reason: reason, "\(what) did not finish within \(seconds) s; it is left waiting"))
        )
      }
      Task {
        let outcome: Result<R, KubeletError> = await runBlocking(.foreign) { () throws(Never) in
          do throws(KubeletError) { return .success(try body()) } catch { return .failure(error) }
        }
        Alarm.forget(timer)
        gate.resume(outcome)
      }
    }
    return try result.get()
  }

  /// The first result wins.
  private final class Gate<R: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Result<R, KubeletError>, Never>?>
    init(_ continuation: CheckedContinuation<Result<R, KubeletError>, Never>) { self.continuation = Mutex(continuation) }
    func resume(_ result: Result<R, KubeletError>) {
      let waiting = continuation.withLock { stored in
        defer { stored = nil }
        return stored
      }
      waiting?.resume(returning: result)
    }
  }
}
