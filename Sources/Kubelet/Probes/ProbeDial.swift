internal import LinuxSystem
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Opens one connection for a probe or hook. Unlike NIO's own connect, a cancelled task gives up at once: a probe that is no longer wanted
/// holds nothing.
final class ProbeDial: Sendable {
  private let state = Mutex<(channels: [any Channel], isCancelled: Bool)>(([], false))

  /// - Parameter initialize: adds the handlers, before the connection is made.
  static func open(
    _ host: String, _ port: Int, group: any EventLoopGroup, timeout: TimeAmount,
    initialize: @escaping @Sendable (any Channel) throws -> Void = { _ in }
  ) async throws -> any Channel {
    let dial = ProbeDial()
    let connected = ClientBootstrap(group: group).connectTimeout(timeout).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        if !dial.add(channel) { throw CancellationError() }
        try initialize(channel)
      }
    }.connect(host: host, port: port)
    return try await withTaskCancellationHandler {
      try await connected.get()
    } onCancel: {
      dial.cancel()
      // Won the race: connected, and nobody will use it.
      connected.whenSuccess { $0.close(promise: nil) }
    }
  }

  private func add(_ channel: any Channel) -> Bool {
    state.withLock { state in
      state.channels.append(channel)
      return !state.isCancelled
    }
  }

  private func cancel() {
    let channels = state.withLock { state in
      state.isCancelled = true
      return state.channels
    }
    for channel in channels { channel.close(promise: nil) }
  }

  /// What went wrong, in the words of Go's net package, which people know from Kubernetes.
  static func words(_ error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
      if let first = error.connectionErrors.first { return words(first.error) }
      return "lookup \(error.host): no such host"
    case let error as IOError: return SystemCallError(call: "", subject: "", code: error.errnoCode).reason.lowercased()
    case ChannelError.connectTimeout: return "i/o timeout"
    case is PlainAnswer: return "http: server gave HTTP response to HTTPS client"
    case is CancellationError: return "operation was canceled"
    case let error as NIOSSLError: return "tls: \(error)"
    default: return "\(error)"
    }
  }
}
