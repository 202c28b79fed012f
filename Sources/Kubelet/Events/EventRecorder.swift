internal import KubeModel
internal import Logging
internal import Synchronization
public import Store

/// Writes what happens to pods into the event log and the agent's log, and lets readers follow.
public final class EventRecorder: Sendable {
  private let log: EventLog
  private let logger: Logger
  private let now: @Sendable () -> Int64
  private let followers = Mutex<(next: Int, streams: [Int: AsyncStream<EventLog.Entry>.Continuation])>((0, [:]))

  public enum Kind: String, Sendable {
    case normal = "Normal"
    case warning = "Warning"
  }

  init(_ log: EventLog, logger: Logger, now: @escaping @Sendable () -> Int64) {
    self.log = log
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
    let metadata: Logger.Metadata = [
      "pod.namespace": "\(namespace)", "pod.name": "\(name)", "pod.uid": "\(uid)", "field": "\(field)", "message": "\(message)",
    ]
    logger.log(level: kind == .warning ? .warning : .info, "\(reason)", metadata: metadata)
    do {
      let entry = try log.record(
        type: kind.rawValue, reason: reason, namespace: namespace, name: name, uid: uid, field: field, message: message, at: now())
      let streams = followers.withLock { Array($0.streams.values) }
      for stream in streams { stream.yield(entry) }
    } catch {
      logger.error("Event not stored", metadata: ["error": "\(error)"])
    }
  }

  /// Events after a sequence number, oldest first.
  public func list(after sequence: Int64 = 0) throws(StoreError) -> [EventLog.Entry] { try log.list(after: sequence) }

  /// Events from now on, until the reader stops.
  public func follow() -> AsyncStream<EventLog.Entry> {
    let (stream, continuation) = AsyncStream.makeStream(of: EventLog.Entry.self, bufferingPolicy: .bufferingNewest(1000))
    let id = followers.withLock { state in
      state.next += 1
      state.streams[state.next] = continuation
      return state.next
    }
    continuation.onTermination = { [weak self] _ in _ = self?.followers.withLock { $0.streams.removeValue(forKey: id) } }
    return stream
  }
}
