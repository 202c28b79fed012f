/// What went wrong in a runtime call. `code` is the gRPC status code it maps to, so that both sides of a CRI socket agree.
public struct RuntimeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// gRPC status codes, by number.
  public enum Code: Int, Sendable {
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case internalError = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16
  }
  public let code: Code
  /// A sentence for a person: operation, object, errno, and what to do.
  public let message: String
  /// The errors below, nearest first, as text.
  public let cause: String?

  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause.map { "\($0)" }
  }

  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
