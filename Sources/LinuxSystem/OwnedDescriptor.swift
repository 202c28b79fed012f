import Glibc

/// A file descriptor with exactly one owner: closed when it goes out of scope, never twice. Lend it with `withRaw`, give it away with
/// `release()`.
public struct OwnedDescriptor: ~Copyable, Sendable {
  private let raw: CInt

  /// Takes ownership of an open descriptor.
  public init(adopting raw: CInt) {
    precondition(raw >= 0, "a descriptor is never negative")
    self.raw = raw
  }

  deinit {
    // A second close of the same number would hit somebody else's file: a programming error, so it stops here.
    if close(raw) == -1 && errno == EBADF { fatalError("descriptor \(raw) closed twice") }
  }

  /// Lends the number for the duration of `body`.
  public borrowing func withRaw<R: ~Copyable, E: Error>(_ body: (CInt) throws(E) -> R) throws(E) -> R { try body(raw) }

  /// Gives the number away: the caller closes it.
  public consuming func release() -> CInt {
    let number = raw
    discard self
    return number
  }

  /// A second descriptor for the same open file (F_DUPFD_CLOEXEC).
  public borrowing func duplicate() throws(SystemCallError) -> OwnedDescriptor {
    let number = raw
    return OwnedDescriptor(
      adopting: try systemCall("fcntl(F_DUPFD_CLOEXEC)", on: "\(number)") { fcntl(number, F_DUPFD_CLOEXEC, 3) })
  }
}

/// A descriptor that several values may hold (a class instance inside a Sendable struct); closed when the last reference goes.
public final class SharedDescriptor: Sendable {
  private let owned: OwnedDescriptor
  public init(_ owned: consuming OwnedDescriptor) { self.owned = owned }
  public func withRaw<R, E: Error>(_ body: (CInt) throws(E) -> R) throws(E) -> R { try owned.withRaw(body) }
  public func duplicate() throws(SystemCallError) -> OwnedDescriptor { try owned.duplicate() }
}
