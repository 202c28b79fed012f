import NIOCore
import Synchronization

/// The open connections of a server and the calls on them, both bounded.
final class ServerConnections: Sendable {
  private struct Connection {
    let channel: any Channel
    var calls = 0
    /// When its last call ended, or it was made.
    var idleSince = NIODeadline.now()
    var isLeaving = false
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

  /// - Parameter grace: how long a connection that is to leave may stay for its calls, and for its client to notice.
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
    if let leaving { leave(leaving) }
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
  /// - Returns: false when all connections together have too many; it is counted all the same, until it has been told so.
  func beginCall(on connection: ObjectIdentifier) -> Bool {
    state.withLock { state in
      state.calls += 1
      state.connections[connection]?.calls += 1
      return state.calls <= callLimit
    }
  }

  func endCall(on connection: ObjectIdentifier) {
    state.withLock { state in
      state.calls -= 1
      state.connections[connection]?.calls -= 1
      state.connections[connection]?.idleSince = .now()
    }
  }

  /// GOAWAY, and the end after the grace time. NIO's handler has such a time, too, but it begins when the client answers a ping: a client
  /// that is stopped never does.
  private func leave(_ channel: any Channel) {
    channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    let end = channel.eventLoop.scheduleTask(in: grace) { channel.close(promise: nil) }
    channel.closeFuture.whenComplete { _ in end.cancel() }
  }

  /// Returns when all are closed, after the grace time at the latest.
  func shutDown() async {
    let open = state.withLock { $0.connections.values.map(\.channel) }
    for channel in open { leave(channel) }
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

  func beginCall() -> Bool { all.beginCall(on: id) }
  func endCall() { all.endCall(on: id) }
}
