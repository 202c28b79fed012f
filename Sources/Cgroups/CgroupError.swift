public import LinuxSystem

/// Why a cgroup could not be made, changed, read or removed.
public struct CgroupError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable {
    /// No cgroup v2 mount, or no such cgroup.
    case notFound
    /// A controller or kernel function this node does not have.
    case unsupported
    /// A value the kernel's interface cannot express, or a path that leaves the mount.
    case invalidArgument
    /// The kernel did not reach the state in time.
    case timedOut
    /// A system call failed: see `cause`.
    case system
  }

  public let code: Code
  public let message: String
  public let cause: SystemCallError?

  public init(_ code: Code, _ message: String, cause: SystemCallError? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}

/// Runs system calls and says what they were for when they fail.
func attempt<T>(_ what: @autoclosure () -> String, _ body: () throws(SystemCallError) -> T) throws(CgroupError) -> T {
  do { return try body() } catch { throw CgroupError(.system, what(), cause: error) }
}
