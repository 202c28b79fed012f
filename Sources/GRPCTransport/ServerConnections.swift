import NIOCore
import Synchronization

/// The open connections of a server.
final class ServerConnections: Sendable {
  private let channels: Mutex<[ObjectIdentifier: any Channel]> = Mutex([:])

  /// Connections at a time. A kubelet has two or three.
  static let limit = 256

  /// False, and nothing is kept, when there are too many.
  func add(_ channel: any Channel) -> Bool {
    let id = ObjectIdentifier(channel)
    let isKept = channels.withLock { channels in
      guard channels.count < Self.limit else { return false }
      channels[id] = channel
      return true
    }
    guard isKept else { return false }
    channel.closeFuture.whenComplete { _ in
      self.channels.withLock { _ = $0.removeValue(forKey: id) }
    }
    return true
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
