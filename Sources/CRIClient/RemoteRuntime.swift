import GRPCTransport
public import RuntimeAPI

/// A runtime behind a CRI socket: containerd, CRI-O or another Swiftlet. Connects with the first call and again after a break.
///
/// Each method is one call, in the file of its area. Deadlines are the kubelet's: two minutes, twice that for RunPodSandbox,
/// the command's own timeout and two minutes for StopContainer and ExecSync, none for PullImage and events.
/// Source: k8s.io/cri-client remote_runtime.go.
public struct RemoteRuntime: ContainerRuntime {
  let client: GRPCClient
  let timeout: Duration

  /// - Parameters:
  ///   - socketPath: a path, or a `unix://` URL as in `--container-runtime-endpoint`.
  ///   - timeout: of an ordinary call.
  public init(socketPath: String, timeout: Duration = .seconds(120)) {
    self.client = GRPCClient(configuration: .init(socketPath: Endpoint.path(socketPath)))
    self.timeout = timeout
  }

  /// Closes the connection; a later call opens a new one.
  public func close() async { await client.close() }
}

/// How a socket is named on command lines and in configuration.
enum Endpoint {
  /// The path in `unix:///path`, `unix:/path` or `/path`.
  static func path(_ endpoint: String) -> String {
    for scheme in ["unix://", "unix:"] where endpoint.hasPrefix(scheme) {
      return String(endpoint.dropFirst(scheme.count))
    }
    return endpoint
  }
}
