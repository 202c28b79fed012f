/// One forwarded connection: two streams of the client that name each other, then a socket in the pod.
struct ForwardPair: Equatable {
  enum State: Equatable {
    /// One of the two streams is there.
    case waiting
    case dialing
    /// Which sides have said all.
    case connected(clientEnded: Bool, podEnded: Bool)
    case over
  }

  enum Action: Equatable {
    case dial
    case endClientStream
    case endPodSocket
    /// Both said all, or one side is gone: the streams are ended, and the socket is closed.
    case close
    /// The client hears why.
    case fail(String)
    /// Of a dial that nobody waits for any more.
    case closeSocket
  }

  private(set) var state = State.waiting
  private(set) var data: UInt32?
  private(set) var error: UInt32?
  private var clientEndedEarly = false

  /// nil: there is such a stream already.
  mutating func opened(_ stream: UInt32, isError: Bool) -> [Action]? {
    guard state == .waiting, isError ? error == nil : data == nil else { return nil }
    if isError { error = stream } else { data = stream }
    guard data != nil, error != nil else { return [] }
    state = .dialing
    return [.dial]
  }

  mutating func tookTooLong() -> [Action] {
    guard state == .waiting else { return [] }
    state = .over
    return [.fail("the other stream of the connection did not come")]
  }

  mutating func dialed() -> [Action] {
    guard state == .dialing else { return [.closeSocket] }
    state = .connected(clientEnded: clientEndedEarly, podEnded: false)
    return clientEndedEarly ? [.endPodSocket] : []
  }

  mutating func dialFailed(_ reason: String) -> [Action] {
    guard state == .dialing else { return [] }
    state = .over
    return [.fail(reason)]
  }

  /// The client said all on the data stream.
  mutating func clientEnded() -> [Action] {
    switch state {
    case .waiting, .dialing: clientEndedEarly = true
    case .connected(false, true):
      state = .over
      return [.close]
    case .connected(false, false):
      state = .connected(clientEnded: true, podEnded: false)
      return [.endPodSocket]
    case .connected(true, _), .over: break
    }
    return []
  }

  mutating func podEnded() -> [Action] {
    switch state {
    case .connected(true, false):
      state = .over
      return [.close]
    case .connected(false, false):
      state = .connected(clientEnded: false, podEnded: true)
      return [.endClientStream]
    case .connected(_, true), .waiting, .dialing, .over: return []
    }
  }

  /// One of the streams was reset, or the socket broke.
  mutating func broke() -> [Action] {
    guard state != .over else { return [] }
    state = .over
    return [.close]
  }
}
