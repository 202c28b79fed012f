import LinuxSystem
import Logging
import RuntimeAPI
import Store
import Synchronization

/// Writes down what becomes of containers and sandboxes, a few at a time: podshim's exit records are the durable truth, so nobody waits
/// for the database. It keeps only *whose* state changed; what is written is the state at the moment of writing, so that an older one can
/// never overwrite a newer one.
final class Journal: Sendable {
  enum Subject: Hashable, Sendable {
    case container(ContainerID)
    case sandbox(SandboxID)
  }
  /// Writes the state that the subjects have now.
  typealias Writer = @Sendable (Set<Subject>) async throws -> Void

  static let delay = Duration.milliseconds(50)
  /// After a failure, as on a full disk.
  static let retryDelay = Duration.seconds(2)

  private struct State {
    var changed: Set<Subject> = []
    var writer: Writer?
    var lastFailure = ""
  }
  private let state = Mutex(State())
  private let drain = Drain(delay: delay, retryDelay: retryDelay)
  private let logger: Logger

  init(logger: Logger) { self.logger = logger }

  /// Before anything changes.
  func setWriter(_ writer: @escaping Writer) { state.withLock { $0.writer = writer } }

  /// The state of `subject` changed. Safe under its lock: nothing is called.
  func add(_ subject: Subject) {
    state.withLock { _ = $0.changed.insert(subject) }
    drain.wake { [weak self] in try await self?.flush() }
  }

  /// Writes what has changed until now.
  func flush() async throws(RuntimeError) {
    let (changed, writer) = state.withLock { state -> (Set<Subject>, Writer?) in
      guard let writer = state.writer else { return ([], nil) }
      defer { state.changed = [] }
      return (state.changed, writer)
    }
    guard !changed.isEmpty, let writer else { return }
    do {
      try await writer(changed)
      state.withLock { $0.lastFailure = "" }
    } catch {
      let isNew = state.withLock { state in
        state.changed.formUnion(changed)
        defer { state.lastFailure = "\(error)" }
        return state.lastFailure != "\(error)"
      }
      // podshim's exit records still have it: the next start reads them.
      if isNew { logger.error("States not saved, trying again", metadata: ["count": "\(changed.count)", "error": "\(error)"]) }
      throw runtimeError(error, "cannot save the state of containers")
    }
  }
}
