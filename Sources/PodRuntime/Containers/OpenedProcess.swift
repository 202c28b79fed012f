public import LinuxSystem
public import RuntimeAPI

/// A process with the agent's ends of its streams: pipes, or the controlling side of a terminal.
public struct OpenedProcess: Sendable {
  public var input: SharedDescriptor?
  public var output: SharedDescriptor?
  public var error: SharedDescriptor?
  /// Sets the terminal's size; without a terminal it does nothing. Does not block.
  public var resize: @Sendable (_ columns: UInt16, _ rows: UInt16) -> Void
  /// Waits for the end; nil: the caller gave up first.
  public var ended: @Sendable () async -> Result<Int32, RuntimeError>?

  init(
    input: SharedDescriptor? = nil, output: SharedDescriptor? = nil, error: SharedDescriptor? = nil,
    resize: @escaping @Sendable (_ columns: UInt16, _ rows: UInt16) -> Void = { _, _ in },
    ended: @escaping @Sendable () async -> Result<Int32, RuntimeError>?
  ) {
    self.input = input
    self.output = output
    self.error = error
    self.resize = resize
    self.ended = ended
  }
}
