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

  /// Connections at a time. A kubelet has two or three.
  static let limit = 256
  /// From here on each new connection asks the one to leave that has been idle for longest: clients that forget to close theirs (critest
  /// leaves two behind for each of its specs) must not lock the others out. What leaves comes back with its next call.
  static let crowd = 192

  init(callLimit: Int = .max) { self.callLimit = callLimit }

  /// False, and nothing is kept, when there are too many.
  func add(_ channel: any Channel) -> Bool {
    let id = ObjectIdentifier(channel)
    let (isKept, leaving) = state.withLock { state -> (Bool, (any Channel)?) in
      let leaving = state.connections.count >= Self.crowd ? Self.longestIdle(&state) : nil
      guard state.connections.count < Self.limit else { return (false, leaving) }
      state.connections[id] = Connection(channel: channel)
      return (true, leaving)
    }
    leaving?.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    guard isKept else { return false }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { _ = $0.connections.removeValue(forKey: id) }
    }
    return true
  }

  private static func longestIdle(_ state: inout State) -> (any Channel)? {
    let idle = state.connections.filter { $0.value.calls == 0 && !$0.value.isLeaving }
    guard let found = idle.min(by: { $0.value.idleSince < $1.value.idleSince }) else { return nil }
    state.connections[found.key]?.isLeaving = true
    return found.value.channel
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

  /// GOAWAY on each; returns when all are closed, which the connection handler does after its grace time at the latest.
  func shutDown() async {
    let open = state.withLock { $0.connections.values.map(\.channel) }
    for channel in open { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
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
