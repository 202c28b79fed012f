import GRPCTransport
public import Logging
public import RuntimeAPI

/// The CRI on a unix socket: `runtime.v1.RuntimeService` and `runtime.v1.ImageService` over a runtime, and
/// `swiftlet.v1.NodeService` over a node when there is one.
public struct CRIServer: Sendable {
  public struct Configuration: Sendable {
    /// At most 107 bytes; its directory is made when missing.
    public var socketPath: String
    public var mode: Int
    /// Group of the socket; nil: the process's.
    public var group: UInt32?
    /// How long calls under way may go on after cancellation.
    public var shutdownGrace: Duration

    public init(socketPath: String, mode: Int = 0o660, group: UInt32? = nil, shutdownGrace: Duration = .seconds(5)) {
      self.socketPath = socketPath
      self.mode = mode
      self.group = group
      self.shutdownGrace = shutdownGrace
    }
  }

  private let configuration: Configuration
  private let server: GRPCServer
  private let logger: Logger

  /// - Parameters:
  ///   - streams: nil: Exec, Attach and PortForward answer UNIMPLEMENTED.
  ///   - node: nil: NodeService answers UNIMPLEMENTED.
  public init(
    runtime: any ContainerRuntime, streams: (any StreamingEndpoints)? = nil, node: (any NodeOperations)? = nil,
    configuration: Configuration, logger: Logger
  ) {
    var router = GRPCRouter()
    RuntimeService(runtime: runtime, streams: streams, logger: logger).register(in: &router)
    ImageService(runtime: runtime).register(in: &router, logger: logger)
    if let node { NodeService(node: node).register(in: &router, logger: logger) }
    self.configuration = configuration
    self.logger = logger
    self.server = GRPCServer(
      configuration: GRPCServer.Configuration(
        socketPath: configuration.socketPath, mode: configuration.mode, group: configuration.group,
        shutdownGrace: configuration.shutdownGrace),
      router: router)
  }

  /// Serves until the task is cancelled, then ends streams, lets calls finish within the grace time, and removes the socket.
  /// - Parameter onListening: called once when clients can connect.
  /// - Throws: `.failedPrecondition` when the socket cannot be served (another process listens, no permission).
  public func run(onListening: @Sendable () -> Void = {}) async throws(RuntimeError) {
    do throws(GRPCTransportError) {
      let logger = self.logger
      let path = configuration.socketPath
      try await server.run {
        logger.info("CRI socket ready", metadata: ["socket.path": "\(path)"])
        onListening()
      }
    } catch { throw RuntimeError(.failedPrecondition, "cannot serve the CRI", cause: error) }
  }
}
