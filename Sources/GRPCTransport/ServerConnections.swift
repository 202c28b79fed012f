import NIOCore
import Synchronization

/// The open connections of a server and the calls on them, both bounded.
final class ServerConnections: Sendable {
  private struct Connection {
    let channel: any Channel
    var calls = 0
    /// When its last call ended, or it was made.
    var idleSince = NIODeadline.now()
    /// It was asked to leave.
    var isLeaving = false
    /// Its time to leave is over: it takes no more calls, and ends with those it has.
    var isOver = false
  }
  private struct State {
    var connections: [ObjectIdentifier: Connection] = [:]
    var calls = 0
  }
  private let state = Mutex(State())
  private let callLimit: Int
  private let grace: TimeAmount

  /// Connections at a time. A kubelet has two or three.
  static let limit = 256
  /// From here on each new connection asks the one to leave that has been idle for longest: clients that forget to close theirs (critest
  /// leaves two behind for each of its specs) must not lock the others out. What leaves comes back with its next call.
  static let crowd = 192

  /// - Parameter grace: how long a client has to notice that its connection is to leave, and calls to end when the server does.
  init(callLimit: Int = .max, grace: TimeAmount) {
    self.callLimit = callLimit
    self.grace = grace
  }

  /// False, and nothing is kept, when there are too many that have calls.
  func add(_ channel: any Channel) -> Bool {
    let id = ObjectIdentifier(channel)
    let (isKept, leaving, closing) = state.withLock { state -> (Bool, (any Channel)?, (any Channel)?) in
      var leaving: (any Channel)?
      var closing: (any Channel)?
      if state.connections.count >= Self.crowd, let idle = Self.longestIdle(state, among: { !$0.isLeaving }) {
        state.connections[idle]?.isLeaving = true
        leaving = state.connections[idle]?.channel
      }
      // Who does not leave when asked to is not waited for.
      if state.connections.count >= Self.limit, let idle = Self.longestIdle(state, among: { _ in true }) {
        closing = state.connections.removeValue(forKey: idle)?.channel
      }
      guard state.connections.count < Self.limit else { return (false, leaving, closing) }
      state.connections[id] = Connection(channel: channel)
      return (true, leaving, closing)
    }
    if let leaving { retire(leaving) }
    closing?.close(promise: nil)
    guard isKept else { return false }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { _ = $0.connections.removeValue(forKey: id) }
    }
    return true
  }

  private static func longestIdle(_ state: State, among wanted: (Connection) -> Bool) -> ObjectIdentifier? {
    state.connections.filter { $0.value.calls == 0 && wanted($0.value) }.min { $0.value.idleSince < $1.value.idleSince }?.key
  }

  /// Counts a call, until `endCall`.
  /// - Returns: why it is refused; it is counted all the same, until it has been told so.
  func beginCall(on connection: ObjectIdentifier) -> GRPCStatus? {
    state.withLock { state in
      state.calls += 1
      state.connections[connection]?.calls += 1
      if state.connections[connection]?.isOver == true { return Self.leaving }
      return state.calls <= callLimit ? nil : Self.tooMany
    }
  }

  func endCall(on connection: ObjectIdentifier) {
    let last = state.withLock { state -> (any Channel)? in
      state.calls -= 1
      guard var entry = state.connections[connection] else { return nil }
      entry.calls -= 1
      entry.idleSince = .now()
      state.connections[connection] = entry
      return entry.isOver && entry.calls == 0 ? entry.channel : nil
    }
    if let last { closeWhenIdle(last) }
  }

  private static let leaving = GRPCStatus(.unavailable, "this connection was asked to leave: open another one")
  static let tooMany = GRPCStatus(.resourceExhausted, "the server has too many calls under way: try again later")

  /// GOAWAY for one that is idle. A call that begins before its client notices goes on to its end. A client that answers the ping that
  /// comes with it is NIO's to close; one that never does is closed here.
  private func retire(_ channel: any Channel) {
    channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    closeWhenIdle(channel)
  }

  /// After the grace time, in which the answer of its last call is read, too; or that time after its last call.
  private func closeWhenIdle(_ channel: any Channel) {
    let end = channel.eventLoop.scheduleTask(in: grace) {
      let isIdle = self.state.withLock { state in
        state.connections[ObjectIdentifier(channel)]?.isOver = true
        return state.connections[ObjectIdentifier(channel)].map { $0.calls == 0 } ?? true
      }
      if isIdle { channel.close(promise: nil) }
    }
    channel.closeFuture.whenComplete { _ in end.cancel() }
  }

  /// GOAWAY, and the end after the grace time, calls or not.
  private func end(_ channel: any Channel) {
    channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    let end = channel.eventLoop.scheduleTask(in: grace) { channel.close(promise: nil) }
    channel.closeFuture.whenComplete { _ in end.cancel() }
  }

  /// Returns when all are closed, after the grace time at the latest.
  func shutDown() async {
    let open = state.withLock { $0.connections.values.map(\.channel) }
    for channel in open { end(channel) }
    for channel in open {
      do { try await channel.closeFuture.get() } catch { continue }
    }
  }
}

/// One of them, as its calls know it.
struct ServerConnection: Sendable {
  let all: ServerConnections
  let id: ObjectIdentifier
  /// The client's process; 0: of another pid namespace.
  let peer: Int32

  func beginCall() -> GRPCStatus? { all.beginCall(on: id) }
  func endCall() { all.endCall(on: id) }
}
