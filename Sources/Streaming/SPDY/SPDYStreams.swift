/// The streams of a connection: who opened them, which side has said all, and how many a client may have.
struct SPDYStreams {
  private enum State {
    case open
    /// The other side said all.
    case sending
    /// We did.
    case receiving
  }

  /// What follows from a frame.
  enum Receipt: Equatable {
    case deliver
    /// For a stream that is over, or never was: what was on its way when it was reset.
    case drop
  }

  private let limit: Int
  private var states: [UInt32: State] = [:]
  /// Largest number the other side used.
  private(set) var last: UInt32 = 0
  private let peerIsClient: Bool

  /// - Parameters:
  ///   - limit: most streams at a time.
  ///   - peerIsClient: its streams have odd numbers.
  init(limit: Int, peerIsClient: Bool = true) {
    self.limit = limit
    self.peerIsClient = peerIsClient
  }

  var count: Int { states.count }
  var all: [UInt32] { states.keys.sorted() }

  /// - Throws: for a number that cannot be a new stream's.
  /// - Returns: false: there are too many, the stream is to be refused.
  mutating func opened(_ stream: UInt32, ends: Bool) throws(StreamProtocolError) -> Bool {
    guard stream > last, stream % 2 == (peerIsClient ? 1 : 0) else { throw .malformed("stream \(stream) after \(last)") }
    last = stream
    guard states.count < limit else { return false }
    states[stream] = ends ? .sending : .open
    return true
  }

  /// One of ours.
  mutating func open(_ stream: UInt32) { states[stream] = .open }

  mutating func received(_ stream: UInt32, ends: Bool) -> Receipt {
    switch states[stream] {
    case nil, .sending: return .drop
    case .open: if ends { states[stream] = .sending }
    case .receiving: if ends { states[stream] = nil }
    }
    return .deliver
  }

  /// Whether there is still somebody to send to.
  func canSend(_ stream: UInt32) -> Bool {
    switch states[stream] {
    case .open, .sending: true
    case .receiving, nil: false
    }
  }

  mutating func ended(_ stream: UInt32) {
    switch states[stream] {
    case .open: states[stream] = .receiving
    case .sending: states[stream] = nil
    case .receiving, nil: break
    }
  }

  /// Whether it was there.
  mutating func reset(_ stream: UInt32) -> Bool { states.removeValue(forKey: stream) != nil }
}
