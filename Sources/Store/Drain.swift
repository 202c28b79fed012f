import LinuxSystem
import Synchronization

/// Work that is asked for often and done together: the first call starts a task, what is asked for meanwhile is done by it too, and when
/// nothing is left it ends. At no time there are two of them, and nothing happens while nobody asks.
public final class Drain: Sendable {
  private struct State {
    /// Asked for and not begun.
    var isWanted = false
    var isRunning = false
  }
  private let state = Mutex(State())
  private let delay: Duration
  private let retryDelay: Duration

  /// - Parameters:
  ///   - delay: between the first call and the work: how much comes together.
  ///   - retryDelay: before another try, after one that failed.
  public init(delay: Duration, retryDelay: Duration) {
    self.delay = delay
    self.retryDelay = retryDelay
  }

  /// There is something to do. Safe under a lock: nothing is called.
  /// - Parameter body: does whatever there is to do when it begins; the same for every call. It tells its failures itself, and is held,
  ///   with what it uses, until nothing is left to do.
  public func wake(_ body: @escaping @Sendable () async throws -> Void) {
    let starts = state.withLock { state in
      state.isWanted = true
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if starts { Task { await run(body) } }
  }

  private func run(_ body: @Sendable () async throws -> Void) async {
    var pause = delay
    while true {
      if pause > .zero { try? await Alarm.sleep(for: pause) }
      state.withLock { $0.isWanted = false }
      pause = delay
      do { try await body() } catch {
        state.withLock { $0.isWanted = true }
        pause = retryDelay
      }
      let goesOn = state.withLock { state in
        state.isRunning = state.isWanted
        return state.isRunning
      }
      if !goesOn { return }
    }
  }
}
