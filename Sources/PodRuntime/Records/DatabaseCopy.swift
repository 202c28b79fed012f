import LinuxSystem
import Logging
import Store
import Synchronization

/// Keeps a copy of the database that is at most a minute older than the last sandbox that came or went. Nothing happens on an idle node.
final class DatabaseCopy: Sendable {
  private struct State {
    /// A copy waits for its time or is being made: there is never a second one.
    var isScheduled = false
    /// Something changed that the copy under way may lack.
    var hasChanged = false
  }

  private let store: Store
  private let path: String
  private let logger: Logger
  private let delay: Duration
  private let state = Mutex(State())

  init(of store: Store, at path: String, delay: Duration = .seconds(60), logger: Logger) {
    self.store = store
    self.path = path
    self.delay = delay
    self.logger = logger
  }

  /// Something changed that a node should not lose.
  func changed() {
    let schedules = state.withLock { state in
      state.hasChanged = true
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    if schedules { schedule() }
  }

  private func schedule() {
    Task { [weak self, delay] in
      try? await Task.sleep(for: delay)
      await self?.make()
    }
  }

  private func make() async {
    state.withLock { $0.hasChanged = false }
    let (store, path) = (store, path)
    do {
      try await runBlocking { () throws(StoreError) in try store.copy(to: path) }
    } catch {
      logger.warning("No copy of the database", metadata: ["path": "\(path)", "error": "\(error)"])
    }
    let again = state.withLock { state in
      state.isScheduled = state.hasChanged
      return state.isScheduled
    }
    if again { schedule() }
  }
}
