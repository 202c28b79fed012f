internal import LinuxSystem
internal import Synchronization

/// The facts of the node as they are now. Whoever acts takes them as a value: what one action does follows from one node.
final class NodeState: Sendable {
  private struct State {
    var facts: NodeFacts
    /// Readings begun, and the last whose answer counts: one that began earlier and ends later knows less.
    var begun = 0
    var host = 0
    var files = 0
  }
  private let reader: NodeReader
  private let state: Mutex<State>

  init(_ facts: NodeFacts, reader: NodeReader) {
    self.reader = reader
    state = Mutex(State(facts: facts))
  }

  var facts: NodeFacts { state.withLock { $0.facts } }

  /// Reads everything again.
  /// - Returns: whether something changed.
  func refresh() async -> Bool {
    let (number, new) = await read { [reader] in
      reader.host(&$0); reader.files(&$0)
    }
    return state.withLock { state in
      let old = state.facts
      Self.takeFiles(new, number, &state)
      if state.host < number {
        state.host = number
        let files = (state.facts.resolvConf, state.facts.hostsFile)
        state.facts = new
        (state.facts.resolvConf, state.facts.hostsFile) = files
      }
      return state.facts != old
    }
  }

  /// The facts with the node's files as they are now: a pod that starts gets today's resolv.conf. Source: kubelet, which reads it for
  /// each pod.
  func withFiles() async -> NodeFacts {
    let (number, new) = await read { [reader] in reader.files(&$0) }
    return state.withLock { state in
      Self.takeFiles(new, number, &state)
      return state.facts
    }
  }

  private func read(_ change: @escaping @Sendable (inout NodeFacts) -> Void) async -> (number: Int, facts: NodeFacts) {
    let (number, old) = state.withLock { state in
      state.begun += 1
      return (state.begun, state.facts)
    }
    let new = await runBlocking { () throws(Never) in
      var new = old
      change(&new)
      return new
    }
    return (number, new)
  }

  private static func takeFiles(_ new: NodeFacts, _ number: Int, _ state: inout State) {
    guard state.files < number else { return }
    state.files = number
    (state.facts.resolvConf, state.facts.hostsFile) = (new.resolvConf, new.hostsFile)
  }
}
