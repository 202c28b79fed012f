internal import Glibc
internal import LinuxSystem
internal import Logging
internal import RuntimeAPI
internal import Synchronization

/// Rotates the logs of containers that run, when they have become too large. Looks at those that were written to since it looked last, and
/// at most once in an interval: a node whose containers are silent does not wake for it.
/// Source: kubelet pkg/kubelet/logs/container_log_manager.go.
final class LogRotation: Sendable {
  private let policy: LogRotationPolicy
  private let root: String
  private let runtime: any ContainerRuntime
  private let clock: KubeletClock
  private let logger: Logger
  private let watches = LogWatches()
  /// Of containers that run, below the root.
  private let logs = Mutex<[ContainerID: String]>([:])

  /// - Parameter root: the directory of logs.
  init(_ policy: LogRotationPolicy, root: String, runtime: any ContainerRuntime, clock: KubeletClock, logger: Logger) {
    (self.policy, self.root, self.runtime, self.clock, self.logger) = (policy, root, runtime, clock, logger)
  }

  func follow(_ id: ContainerID, _ log: String) {
    logs.withLock { $0[id] = log }
    watches.touch(id)
  }

  /// It runs no more. A rotation that is under way ends by itself.
  func forget(_ id: ContainerID) {
    logs.withLock { _ = $0.removeValue(forKey: id) }
    watches.disarm(id)
  }

  /// Runs until it is cancelled.
  func run() async {
    for await _ in watches.bell {
      let touched = watches.takeTouched()
      var due = logs.withLock { logs in logs.filter { touched.contains($0.key) } }.map { ($0.key, $0.value) }[...]
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<policy.workers {
          if let (id, log) = due.popFirst() { group.addTask { await self.look(id, log) } }
        }
        for await _ in group {
          if let (id, log) = due.popFirst() { group.addTask { await self.look(id, log) } }
        }
      }
      do { try await clock.sleep(policy.interval) } catch { return }
    }
  }

  private func look(_ id: ContainerID, _ log: String) async {
    do {
      let (files, size, isWatched) = try await runBlocking(.foreign) { [root, watches] () throws(SystemCallError) in
        // In this order: what is written after the look is told.
        let isWatched = watches.arm(id, "\(root)/\(log)")
        let files = try LogFiles(log, below: root)
        return (files, try files.size(), isWatched)
      }
      switch size {
      case nil:
        // Somebody took it away: the runtime makes another one.
        try await runtime.reopenContainerLog(id)
        again(id)
      case .some(let size) where size >= policy.maxSize:
        try await rotate(id, files)
        again(id)
      default:
        if !isWatched { again(id) }
      }
    } catch {
      // Ended meanwhile: it is not said of a container's every end.
      guard logs.withLock({ $0[id] != nil }) else { return }
      logger.error(
        "A container's log is not rotated", metadata: ["container.id": "\(id)", "log": "\(root)/\(log)", "error": "\(error)"])
      // Without a directory there is nothing to come back for: the container was made with another `podLogsDir`. A file that went at this
      // moment is told by its watch.
      if (error as? SystemCallError)?.code != ENOENT { again(id) }
    }
  }

  private func again(_ id: ContainerID) {
    if logs.withLock({ $0[id] != nil }) { watches.touch(id) }
  }

  private func rotate(_ id: ContainerID, _ files: LogFiles) async throws {
    let now = clock.wall()
    let (most, logger) = (policy.maxFiles, logger)
    let aside = try await runBlocking(.foreign) { () throws(SystemCallError) in
      if let failure = try files.tidy(keeping: most) {
        logger.error("A rotated log cannot be compressed", metadata: ["container.id": "\(id)", "error": "\(failure)"])
      }
      return try files.setAside(now)
    }
    do {
      try await runtime.reopenContainerLog(id)
      logger.debug("Log rotated", metadata: ["container.id": "\(id)", "file": "\(aside)"])
    } catch {
      // It goes on in the file that it had; where a new one has begun after all, the old one stays set aside.
      try await runBlocking(.foreign) { () throws(SystemCallError) in
        do throws(SystemCallError) { try files.restore(aside) } catch {
          if error.code != EEXIST { throw error }
        }
      }
      throw error
    }
  }
}
