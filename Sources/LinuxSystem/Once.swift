import Synchronization

/// A continuation that is resumed exactly once, with a clean-up that runs once as well, whichever comes first.
final class Once: Sendable {
  private struct State {
    var continuation: CheckedContinuation<Result<Void, SystemCallError>, Never>?
    var cleanup: (@Sendable () -> Void)?
    var fired = false
  }
  private let state: Mutex<State>

  init(_ continuation: CheckedContinuation<Result<Void, SystemCallError>, Never>) {
    state = Mutex(State(continuation: continuation))
  }

  func fire() { finish(.success(())) }
  func fail(_ error: SystemCallError) { finish(.failure(error)) }

  /// Sets the clean-up; runs it at once when the event came first.
  func onFire(_ cleanup: @escaping @Sendable () -> Void) {
    let runNow = state.withLock { state in
      if state.fired { return true }
      state.cleanup = cleanup
      return false
    }
    if runNow { cleanup() }
  }

  private func finish(_ result: Result<Void, SystemCallError>) {
    let (continuation, cleanup) = state.withLock { state in
      defer {
        state.fired = true
        state.continuation = nil
        state.cleanup = nil
      }
      return (state.continuation, state.cleanup)
    }
    cleanup?()
    continuation?.resume(returning: result)
  }
}
