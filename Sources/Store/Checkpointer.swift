import CSQLite
import LinuxSystem

/// Moves the write-ahead log into the database file, with its fsyncs, on a thread of its own and a connection of its own: no commit waits
/// for it. That happens when the log is long, or when nothing was written for a while, which is also when the last commits become safe
/// from a power cut. Between bursts of writes there is no thread and no timer.
final class Checkpointer: Sendable {
  /// Length of the log that starts a checkpoint at once: 4 MiB.
  static let pageLimit = 1024
  /// Without a commit for this long the log is moved, nanoseconds.
  private static let calm: UInt64 = 2_000_000_000

  private struct State {
    /// Something was committed since the last checkpoint began.
    var isDirty = false
    var isLong = false
    var isRunning = false
    var due: UInt64 = 0
  }
  private let state = Monitored(State())
  private let path: String

  init(path: String) { self.path = path }

  func committed(pagesInLog: Int) {
    var starts = false
    state.signal { state in
      state.isDirty = true
      state.due = monotonicNanoseconds() + Self.calm
      if pagesInLog >= Self.pageLimit { state.isLong = true }
      starts = !state.isRunning
      state.isRunning = true
      return state.isLong
    }
    guard starts else { return }
    do throws(SystemCallError) {
      try startThread(named: "checkpoint") { [state, path] in Self.run(state, path) }
    } catch {
      // The next commit tries again.
      state.withLock { $0.isRunning = false }
    }
  }

  /// Until nothing is left to move.
  private static func run(_ state: Monitored<State>, _ path: String) {
    lowerPriority()
    while state.withLock({ state in
      state.isRunning = state.isDirty
      return state.isDirty
    }) {
      let due = state.withLock { $0.due }
      let isTime: Bool? = state.wait(until: due) { state in
        state.isLong || monotonicNanoseconds() >= state.due ? true : nil
      }
      // Written to meanwhile: wait for the new due time.
      guard isTime == true else { continue }
      state.withLock { state in
        state.isDirty = false
        state.isLong = false
      }
      // PASSIVE disturbs nobody. What it could not do, or failed at (a full disk), comes with the next commit.
      _ = try? Connection(path: path).query("PRAGMA wal_checkpoint(PASSIVE)") { _ in }
    }
  }
}
