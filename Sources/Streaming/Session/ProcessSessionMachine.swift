/// The life of an exec or attach session: what comes next after each thing that happens, in whatever order.
struct ProcessSessionMachine: Equatable {
  enum State: Equatable {
    /// Until the client has opened what it asked for.
    case awaiting(Set<ProcessStream>)
    case opening
    /// `outputs` have not ended yet; `end`: the process has.
    case running(outputs: Set<ProcessStream>, end: ProcessEnd?)
    case over
  }

  enum Action: Equatable {
    case open
    case startStreams
    /// The process has ended; others may still hold its streams.
    case limitOutput
    /// Every output of a process that is looked at has ended: its own end comes at once, or it was not the reason.
    case awaitEnd
    /// Ends the streams, says how it went, and ends the connection.
    case report(ProcessEnd)
    case closeConnection
    /// Lets go of the process.
    case abandon
    /// Of what was opened for a client that is gone already.
    case abandonOpened
  }

  private(set) var state: State
  private let outputs: Set<ProcessStream>
  private let isAttached: Bool

  /// - Parameter isAttached: the process is another's: nothing more to see is the end of looking on.
  init(_ wanted: Set<ProcessStream>, isAttached: Bool = false) {
    state = .awaiting(wanted)
    outputs = wanted.intersection([.stdout, .stderr])
    self.isAttached = isAttached
  }

  /// nil: it was not asked for, or is there already.
  mutating func streamOpened(_ stream: ProcessStream) -> [Action]? {
    guard case .awaiting(var missing) = state, missing.remove(stream) != nil else { return nil }
    state = missing.isEmpty ? .opening : .awaiting(missing)
    return missing.isEmpty ? [.open] : []
  }

  mutating func streamsTookTooLong() -> [Action] {
    guard case .awaiting = state else { return [] }
    state = .over
    return [.closeConnection]
  }

  mutating func opened() -> [Action] {
    guard state == .opening else { return [.abandonOpened] }
    state = .running(outputs: outputs, end: nil)
    return [.startStreams]
  }

  mutating func openFailed(_ end: ProcessEnd) -> [Action] {
    guard state == .opening else { return [] }
    state = .over
    return [.report(end)]
  }

  mutating func outputEnded(_ stream: ProcessStream) -> [Action] {
    guard case .running(var outputs, let end) = state, outputs.remove(stream) != nil else { return [] }
    guard let end, outputs.isEmpty else {
      state = .running(outputs: outputs, end: end)
      return isAttached && outputs.isEmpty ? [.awaitEnd] : []
    }
    state = .over
    return [.report(end)]
  }

  mutating func endTookTooLong() -> [Action] {
    guard case .running([], nil) = state else { return [] }
    state = .over
    return [
      .abandon,
      .report(.failed("the output ended before the container: it was closed there, or this client took too little for too long")),
    ]
  }

  mutating func processEnded(_ end: ProcessEnd) -> [Action] {
    guard case .running(let outputs, nil) = state else { return [] }
    if outputs.isEmpty {
      state = .over
      return [.report(end)]
    }
    state = .running(outputs: outputs, end: end)
    return [.limitOutput]
  }

  mutating func clientGone() -> [Action] {
    defer { state = .over }
    if case .running = state { return [.abandon] }
    return []
  }
}
