internal import LinuxSystem
internal import Synchronization

/// The facts of the node as they are now. Whoever acts takes them as a value: what one action does follows from one node.
final class NodeState: Sendable {
  private let reader: NodeReader
  private let current: Mutex<NodeFacts>

  init(_ facts: NodeFacts, reader: NodeReader) {
    self.reader = reader
    current = Mutex(facts)
  }

  var facts: NodeFacts { current.withLock { $0 } }

  /// Reads everything again.
  /// - Returns: whether something changed.
  func refresh() async -> Bool {
    await read { [reader] in
      reader.host(&$0); reader.files(&$0)
    }
  }

  /// The facts with the node's files as they are now: a pod that starts gets today's resolv.conf. Source: kubelet, which reads it for
  /// each pod.
  func withFiles() async -> NodeFacts {
    _ = await read { [reader] in reader.files(&$0) }
    return facts
  }

  private func read(_ change: @escaping @Sendable (inout NodeFacts) -> Void) async -> Bool {
    let old = facts
    let new = await runBlocking { () throws(Never) in
      var new = old
      change(&new)
      return new
    }
    return current.withLock { current in
      // Two readings at once: the later one to end knows at least as much.
      if current == new { return false }
      current = new
      return true
    }
  }
}
