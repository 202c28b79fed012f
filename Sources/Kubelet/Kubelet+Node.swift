public import RuntimeAPI
internal import Store

/// The kubelet's share of `NodeOperations`, for whoever serves it.
extension Kubelet {
  /// Stored events after a sequence number, oldest first; with `follow` then those that happen, until the reader stops.
  public func nodeEvents(after sequence: UInt64, follow: Bool) throws(RuntimeError) -> AsyncThrowingStream<NodeEvent, any Error> {
    // Followed before it is listed: what happens in between comes twice at most, and is dropped by its number.
    let live = follow ? events.follow() : nil
    let stored: [EventLog.Entry]
    do {
      stored = try events.list(after: Int64(clamping: sequence))
    } catch {
      throw RuntimeError(.internalError, "the events cannot be read", cause: error)
    }
    return AsyncThrowingStream { continuation in
      for entry in stored { continuation.yield(NodeEvent(entry)) }
      guard let live else {
        continuation.finish()
        return
      }
      let last = stored.last?.sequence ?? Int64(clamping: sequence)
      let task = Task {
        for await entry in live where entry.sequence > last { continuation.yield(NodeEvent(entry)) }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// Each pod as the JSON text of a v1.Pod with its status. Empty arguments match all.
  public func podsJSON(namespace: String, name: String) throws(RuntimeError) -> [String] {
    podJSON(namespace: namespace, name: name)
  }
}

extension NodeEvent {
  init(_ entry: EventLog.Entry) {
    self.init(
      sequence: UInt64(clamping: entry.sequence), type: entry.type, reason: entry.reason, namespace: entry.namespace,
      name: entry.name,
      uid: entry.uid, field: entry.field, message: entry.message, count: UInt32(clamping: entry.count),
      firstNanoseconds: entry.first,
      lastNanoseconds: entry.last)
  }
}
