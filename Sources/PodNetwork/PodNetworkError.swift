/// What went wrong with pod networking.
public struct PodNetworkError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// A setting is wrong.
    case invalidSettings
    /// No address is free.
    case exhausted
    /// The host port belongs to another pod or to a process of the host.
    case portTaken
    /// It took longer than the caller waits.
    case timedOut
    /// Nothing is there yet that could make one.
    case notReady
    /// The disk is full.
    case noSpace
    /// The kernel refused.
    case system
  }
  public let code: Code
  public let message: String
  public let cause: String?

  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause.map { "\($0)" }
  }

  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}

/// Runs calls of the layers below; a failure becomes a `PodNetworkError` that says what was being done.
func network<R>(_ what: @autoclosure () -> String, _ body: () throws -> R) throws(PodNetworkError) -> R {
  do {
    return try body()
  } catch let error as PodNetworkError {
    throw error
  } catch {
    throw PodNetworkError(.system, what(), cause: error)
  }
}
