import NIOCore
import Synchronization

/// The open connections of a server.
final class ServerConnections: Sendable {
  private let channels: Mutex<[ObjectIdentifier: any Channel]> = Mutex([:])

  func add(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    channels.withLock { $0[id] = channel }
    channel.closeFuture.whenComplete { _ in
      self.channels.withLock { _ = $0.removeValue(forKey: id) }
    }
  }

  /// GOAWAY on each; returns when all are closed, which the connection handler does after its grace time at the latest.
  func shutDown() async {
    let open = channels.withLock { Array($0.values) }
    for channel in open { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    for channel in open {
      do { try await channel.closeFuture.get() } catch { continue }
    }
  }
}
