/// Where clients go for the bytes of exec, attach and port-forward: URLs, each good for one session. The built-in runtime's lead to the
/// agent's streaming server, another runtime's to wherever it says. Source: CRI Exec, Attach, PortForward.
public protocol StreamingEndpoints: Sendable {
  /// Throws `.notFound` for no such container, `.failedPrecondition` for one that does not run, `.resourceExhausted` when too many
  /// sessions wait for their clients.
  func exec(_ request: ExecRequest) async throws(RuntimeError) -> String
  func attach(_ request: AttachRequest) async throws(RuntimeError) -> String
  func portForward(_ request: PortForwardRequest) async throws(RuntimeError) -> String
}

/// Which streams a client of exec or attach opens.
public struct StreamChoice: Equatable, Sendable {
  public var stdin: Bool
  public var stdout: Bool
  /// Not with a terminal, which has one output.
  public var stderr: Bool
  public var tty: Bool

  public init(stdin: Bool = false, stdout: Bool = true, stderr: Bool = true, tty: Bool = false) {
    self.stdin = stdin
    self.stdout = stdout
    self.stderr = stderr
    self.tty = tty
  }
}

public struct ExecRequest: Equatable, Sendable {
  public var container: ContainerID
  public var command: [String]
  public var streams: StreamChoice

  public init(container: ContainerID, command: [String], streams: StreamChoice) {
    self.container = container
    self.command = command
    self.streams = streams
  }
}

public struct AttachRequest: Equatable, Sendable {
  public var container: ContainerID
  public var streams: StreamChoice

  public init(container: ContainerID, streams: StreamChoice) {
    self.container = container
    self.streams = streams
  }
}

public struct PortForwardRequest: Equatable, Sendable {
  public var sandbox: SandboxID
  /// What the client is going to ask for; it may leave them out, and ask for others.
  public var ports: [Int32]

  public init(sandbox: SandboxID, ports: [Int32] = []) {
    self.sandbox = sandbox
    self.ports = ports
  }
}
