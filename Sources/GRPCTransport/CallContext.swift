import Synchronization

/// What a handler knows of the call besides the request.
public struct CallContext: Sendable {
  /// The call whose handler this task runs for, also in tasks it began: what log lines of one call are told by.
  @TaskLocal public static var current: CallContext?

  /// The how many-th call of this process it is.
  public let number: UInt64
  /// Process that made the connection; 0: of another pid namespace.
  public let peer: Int32
  /// `/package.Service/Method`.
  public let path: String
  /// The client's deadline; nil: none. When it passes, the client is told and the handler's task is cancelled.
  public let deadline: ContinuousClock.Instant?
  /// The client's own metadata in the order received; names are lower case. Reserved `grpc-` names are left out.
  public let metadata: [(name: String, value: String)]

  private static let calls = Atomic<UInt64>(0)

  public init(
    path: String, peer: Int32 = 0, deadline: ContinuousClock.Instant? = nil, metadata: [(name: String, value: String)] = []
  ) {
    number = Self.calls.add(1, ordering: .relaxed).newValue
    self.path = path
    self.peer = peer
    self.deadline = deadline
    self.metadata = metadata
  }
}
