import LinuxSystem
import Logging
import Store
import Synchronization

/// Keeps a copy of the database that is at most a minute older than the last sandbox that came or went. Nothing happens on an idle node.
final class DatabaseCopy: Sendable {
  static let delay = Duration.seconds(60)
  private let store: Store
  private let path: String
  private let logger: Logger
  private let isScheduled = Mutex(false)

  init(of store: Store, at path: String, logger: Logger) {
    self.store = store
    self.path = path
    self.logger = logger
  }

  /// Something changed that a node should not lose.
  func changed() {
    let schedules = isScheduled.withLock { isScheduled in
      defer { isScheduled = true }
      return !isScheduled
    }
    guard schedules else { return }
    Task { [weak self] in
      try? await Task.sleep(for: Self.delay)
      await self?.make()
    }
  }

  func make() async {
    isScheduled.withLock { $0 = false }
    let (store, path) = (store, path)
    do {
      try await runBlocking { () throws(StoreError) in try store.copy(to: path) }
    } catch {
      logger.warning("No copy of the database", metadata: ["path": "\(path)", "error": "\(error)"])
    }
  }
}
