/// What a handler knows of the call besides the request.
public struct CallContext: Sendable {
  /// `/package.Service/Method`.
  public let path: String
  /// The client's deadline; nil: none. When it passes, the client is told and the handler's task is cancelled.
  public let deadline: ContinuousClock.Instant?
  /// The client's own metadata in the order received; names are lower case. Reserved `grpc-` names are left out.
  public let metadata: [(name: String, value: String)]

  public init(path: String, deadline: ContinuousClock.Instant? = nil, metadata: [(name: String, value: String)] = []) {
    self.path = path
    self.deadline = deadline
    self.metadata = metadata
  }
}
