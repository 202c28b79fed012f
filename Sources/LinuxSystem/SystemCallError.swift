import Glibc

/// A failed system call: which one, about what, and why. The errno is copied at the call, never read later.
public struct SystemCallError: Error, Equatable, CustomStringConvertible {
  /// The C function's name, e.g. "openat2".
  public let call: String
  /// A path, name or number that a reader recognises.
  public let subject: String
  public let code: CInt

  public init(call: String, subject: String, code: CInt) {
    self.call = call
    self.subject = subject
    self.code = code
  }

  /// The errno as text, e.g. "No such file or directory".
  public var reason: String { unsafe String(cString: strerror(code)) }
  public var description: String { "\(call) \(subject): \(reason) (errno \(code))" }
}

/// Runs a C call, retries EINTR, and turns -1 into `SystemCallError`.
public func systemCall<T: FixedWidthInteger>(
  _ call: String, on subject: @autoclosure () -> String, _ body: () -> T
) throws(SystemCallError) -> T {
  while true {
    let result = body()
    if result != -1 { return result }
    let code = errno  // first: building `subject` may allocate and overwrite errno
    if code != EINTR { throw SystemCallError(call: call, subject: subject(), code: code) }
  }
}

/// The same for CLinux functions, which return `-errno` instead of setting it.
public func kernelCall<T: FixedWidthInteger & SignedInteger>(
  _ call: String, on subject: @autoclosure () -> String, _ body: () -> T
) throws(SystemCallError) -> T {
  while true {
    let result = body()
    if result >= 0 { return result }
    let code = CInt(-result)
    if code != EINTR { throw SystemCallError(call: call, subject: subject(), code: code) }
  }
}
