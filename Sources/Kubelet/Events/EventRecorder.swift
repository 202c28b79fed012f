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
    var pending: [Pending] = []
    var isWriting = false
    var next = 0
    var streams: [Int: AsyncStream<EventLog.Entry>.Continuation] = [:]
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
    let isFirst = state.withLock { state in
      state.pending.append(event)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    // Ends by itself when everything is written.
    if isFirst { Task { await drain() } }
  }

  private func drain() async {
    while true {
      do {
        let entries = try await store.write { [self] in try write(in: $0) }
        publish(entries)
      } catch {
        logger.error("Events not stored", metadata: ["error": "\(error)"])
      }
      let isDone = state.withLock { state in
        if state.pending.isEmpty { state.isWriting = false }
        return state.pending.isEmpty
      }
      if isDone { return }
    }
  }

  /// Taken inside the transaction, so that two writers keep the order.
  private func write(in transaction: Transaction) throws -> [EventLog.Entry] {
    let events = state.withLock { state in
      defer { state.pending = [] }
      return state.pending
    }
    return try events.map {
      try log.record(
        type: $0.kind.rawValue, reason: $0.reason, namespace: $0.namespace, name: $0.name, uid: $0.uid, field: $0.field,
        message: $0.message, at: $0.at, in: transaction)
    }
  }

  private func publish(_ entries: [EventLog.Entry]) {
    let streams = state.withLock { Array($0.streams.values) }
    for entry in entries { for stream in streams { stream.yield(entry) } }
  }

  /// Events after a sequence number, oldest first; everything recorded before the call is among them.
  public func list(after sequence: Int64 = 0) throws(StoreError) -> [EventLog.Entry] {
    let entries = try store.transaction { try write(in: $0) }
    publish(entries)
    return try log.list(after: sequence)
  }

  /// Events from now on, until the reader stops.
  public func follow() -> AsyncStream<EventLog.Entry> {
    let (stream, continuation) = AsyncStream.makeStream(of: EventLog.Entry.self, bufferingPolicy: .bufferingNewest(1000))
    let id = state.withLock { state in
      state.next += 1
      state.streams[state.next] = continuation
      return state.next
    }
    continuation.onTermination = { [weak self] _ in _ = self?.state.withLock { $0.streams.removeValue(forKey: id) } }
    return stream
  }
}
