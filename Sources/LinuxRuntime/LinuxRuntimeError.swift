/// Why a configuration cannot become a set-up program.
public struct LinuxRuntimeError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Sendable { case invalidSpec, unsupported, capability, seccomp, user }
  public let code: Code
  /// A sentence for a person; names the field.
  public let message: String
  public let cause: String?

  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause.map { "\($0)" }
  }
  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
