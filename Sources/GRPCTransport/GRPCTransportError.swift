/// Why a socket cannot be served.
public struct GRPCTransportError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// Another process listens on the path.
    case addressInUse
    /// Something that is no socket is at the path, or the path cannot be bound.
    case cannotListen
  }
  public let code: Code
  public let message: String
  public let cause: (any Error)?

  init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
