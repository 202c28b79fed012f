internal import KubeModel
internal import Logging
public import Store
internal import Synchronization

/// Writes what happens to pods into the event log and the agent's log, and lets readers follow. Nobody waits for the disk: events of a
/// moment are written together, in their order, on the database's thread.
public final class EventRecorder: Sendable {
  private struct Pending: Sendable {
    var kind: Kind
    var reason: String
    var namespace: String
    var name: String
    var uid: String
    var field: String
    var message: String
    var at: Int64
  }
  private struct State {
    /// What is taken for a transaction comes back when that fails.
    var pending: [Pending] = []
    var next = 0
    /// Of those who follow: they read what is new when they are rung for.
    var bells: [Int: AsyncStream<Void>.Continuation] = [:]
  }

  private let log: EventLog
  private let store: Store
  private let logger: Logger
  private let now: @Sendable () -> Int64
  private let state = Mutex(State())

  public enum Kind: String, Sendable {
    case normal = "Normal"
    case warning = "Warning"
  }

  /// - Parameter now: CLOCK_REALTIME nanoseconds.
  init(_ log: EventLog, store: Store, logger: Logger, now: @escaping @Sendable () -> Int64) {
    self.log = log
    self.store = store
    self.logger = logger
    self.now = now
  }

  func record(_ kind: Kind, _ reason: String, _ pod: Pod, container: String? = nil, _ message: String) {
    record(
      kind, reason, namespace: pod.namespaceName, name: pod.podName, uid: pod.metadata.uid ?? "",
      field: container.map { pod.fieldPath(of: $0) } ?? "", message)
  }

  func record(
    _ kind: Kind, _ reason: String, namespace: String, name: String, uid: String = "", field: String = "", _ message: String
  ) {
    var metadata: Logger.Metadata = ["message": "\(message.prefix(EventLog.textLimit))"]
    for (key, value) in [("pod.namespace", namespace), ("pod.name", name), ("pod.uid", uid), ("field", field)] where !value.isEmpty
    {
      metadata[key] = "\(value)"
    }
    logger.log(level: kind == .warning ? .warning : .info, "\(reason)", metadata: metadata)
    let event = Pending(
      kind: kind, reason: reason, namespace: namespace, name: name, uid: uid, field: field, message: message, at: now())
    state.withLock { state in
      // A disk that hangs: nobody fails, and nothing is written.
      if state.pending.count >= Self.most { state.pending.removeFirst(Self.most / 2) }
      state.pending.append(event)
    }
    drain.wake { [self] in try await flush() }
  }

  /// How many wait to be written.
  var count: Int { state.withLock { $0.pending.count } }

  /// As on a full disk: so many of the newest wait, and are tried again so often.
  static let waiting = 1000
  /// So many are ever kept for the database.
  static let most = 20_000
  private let drain = Drain(delay: .zero, retryDelay: .seconds(1))

  private func flush() async throws(StoreError) {
    let taken = Mutex<[Pending]>([])
    do throws(StoreError) {
      try await store.write { [self] in try write(in: $0, taken) }
    } catch {
      logger.error("Events not stored, tried again", metadata: ["error": "\(error)"])
      putBack(taken)
      throw error
    }
    for bell in state.withLock({ Array($0.bells.values) }) { bell.yield() }
  }

  /// Taken inside the transaction, so that two writers keep the order.
  private func write(in transaction: Transaction, _ taken: borrowing Mutex<[Pending]>) throws {
    let events = state.withLock { state in
      defer { state.pending = [] }
      return state.pending
    }
    taken.withLock { $0 = events }
    do {
      for event in events {
        try log.record(
          type: event.kind.rawValue, reason: event.reason, namespace: event.namespace, name: event.name, uid: event.uid,
          field: event.field, message: event.message, at: event.at, in: transaction)
      }
    } catch {
      // Before the next transaction takes what came after them.
      putBack(taken)
      throw error
    }
  }

  /// What a failed transaction took; once. Its caller does it for one that could not be committed.
  private func putBack(_ taken: borrowing Mutex<[Pending]>) {
    let events = taken.withLock { events in
      defer { events = [] }
      return events
    }
    state.withLock { $0.pending = Array((events + $0.pending).suffix(Self.waiting)) }
  }

  /// Events after a sequence number, oldest first; everything recorded before the call is among them. Blocks.
  public func list(after sequence: Int64 = 0) throws(StoreError) -> [EventLog.Entry] {
    let taken = Mutex<[Pending]>([])
    do throws(StoreError) {
      try store.transaction { try write(in: $0, taken) }
    } catch {
      putBack(taken)
      throw error
    }
    return try log.list(after: sequence)
  }

  /// At most `limit` of them: a reader of many asks for the next after the last.
  func page(after sequence: Int64, limit: Int) async throws(StoreError) -> [EventLog.Entry] {
    let taken = Mutex<[Pending]>([])
    do throws(StoreError) {
      return try await store.write { [self] transaction in
        try write(in: transaction, taken)
        return try log.list(after: sequence, limit: limit, in: transaction)
      }
    } catch {
      putBack(taken)
      throw error
    }
  }

  /// Yields after events were written, until the reader stops; several writes may be one element.
  func bells() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { state in
      state.next += 1
      state.bells[state.next] = continuation
      return state.next
    }
    continuation.onTermination = { [weak self] _ in _ = self?.state.withLock { $0.bells.removeValue(forKey: id) } }
    return stream
  }
}
