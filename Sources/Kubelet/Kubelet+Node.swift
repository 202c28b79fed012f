public import RuntimeAPI
internal import Store

/// The kubelet's share of `NodeOperations`, for whoever serves it.
extension Kubelet {
  /// Stored events after a sequence number, oldest first; with `follow` then those that happen, until the reader stops. They are read when
  /// they are asked for, a page at a time: a slow reader costs no memory and misses nothing that is still stored.
  public func nodeEvents(after sequence: UInt64, follow: Bool) -> AsyncThrowingStream<NodeEvent, any Error> {
    let reader = EventReader(events, after: Int64(clamping: sequence), follows: follow)
    return AsyncThrowingStream { try await reader.next().map { NodeEvent($0) } }
  }

  /// What is left of pods that are no more.
  public func leaks() async throws(RuntimeError) -> [NodeLeak] {
    do { return try await supervisor.leaks() } catch {
      throw RuntimeError(.internalError, "cannot look for what pods left", cause: error)
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
