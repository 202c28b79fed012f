import Glibc

/// flock(2) on a file in a directory: a second process with the same directory is refused. Held as long as the value lives.
public final class DirectoryLock: Sendable {
  private let descriptor: OwnedDescriptor

  /// Throws EWOULDBLOCK when another process holds it.
  public init(_ directory: String) throws(SystemCallError) {
    let path = "\(directory)/lock"
    descriptor = OwnedDescriptor(
      adopting: try systemCall("open", on: path) { unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) })
    _ = try descriptor.withRaw { raw throws(SystemCallError) in
      try systemCall("flock", on: "\(path) (another swiftlet uses this directory)") { flock(raw, LOCK_EX | LOCK_NB) }
    }
  }
}
