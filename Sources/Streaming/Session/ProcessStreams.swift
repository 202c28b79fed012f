public import LinuxSystem

/// A process that was started for a client, or one it looks at: the agent's ends of its streams.
public struct ProcessStreams: Sendable {
  /// Written to; nil: it takes none.
  public var input: SharedDescriptor?
  /// Read from.
  public var output: SharedDescriptor?
  public var error: SharedDescriptor?
  /// Sets the terminal's size; must not block.
  public var resize: @Sendable (_ columns: UInt16, _ rows: UInt16) -> Void
  /// Waits for the end; cancelled when nobody wants to know.
  public var ended: @Sendable () async -> ProcessEnd
  /// The client is gone before the end; must not block. The descriptors are closed anyway, which is what a process hears of it.
  public var abandoned: @Sendable () -> Void

  public init(
    input: SharedDescriptor? = nil, output: SharedDescriptor? = nil, error: SharedDescriptor? = nil,
    resize: @escaping @Sendable (_ columns: UInt16, _ rows: UInt16) -> Void = { _, _ in },
    ended: @escaping @Sendable () async -> ProcessEnd, abandoned: @escaping @Sendable () -> Void = {}
  ) {
    self.input = input
    self.output = output
    self.error = error
    self.resize = resize
    self.ended = ended
    self.abandoned = abandoned
  }
}

/// How it went with a process.
public enum ProcessEnd: Error, Equatable, Sendable {
  case exited(Int32)
  /// It did not begin, or how it ended is not known.
  case failed(String)
}

/// What a client asked for when it got its URL.
public struct ProcessRequest: Sendable {
  public var stdin: Bool
  public var stdout: Bool
  public var stderr: Bool
  public var tty: Bool
  /// Called when the client has opened its streams. What it throws is told to the client.
  public var open: @Sendable () async throws -> ProcessStreams

  public init(stdin: Bool, stdout: Bool, stderr: Bool, tty: Bool, open: @escaping @Sendable () async throws -> ProcessStreams) {
    self.stdin = stdin
    self.stdout = stdout
    self.stderr = stderr
    self.tty = tty
    self.open = open
  }

  /// The streams a client has to open for it.
  var streams: Set<ProcessStream> {
    var streams: Set<ProcessStream> = [.error]
    if stdin { streams.insert(.stdin) }
    if stdout { streams.insert(.stdout) }
    if stderr { streams.insert(.stderr) }
    if tty { streams.insert(.resize) }
    return streams
  }
}

/// The streams of exec and attach, in the order of WebSocket's channels. Source: k8s.io/apimachinery, pkg/util/remotecommand/constants.go.
enum ProcessStream: String, CaseIterable {
  case stdin, stdout, stderr, error, resize
}

/// What a client asked for when it got a URL to forward ports.
public struct ForwardRequest: Sendable {
  /// Connects to a port of the pod; what it throws is told to the client. The descriptor is a connected socket that does not block.
  public var dial: @Sendable (_ port: UInt16) async throws -> SharedDescriptor
  public init(dial: @escaping @Sendable (_ port: UInt16) async throws -> SharedDescriptor) { self.dial = dial }
}
