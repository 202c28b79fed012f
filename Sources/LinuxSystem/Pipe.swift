import CLinux
import Glibc
import Synchronization

/// A pipe whose ends are closed independently (pipe2 O_CLOEXEC).
public final class Pipe: Sendable {
  public let readEnd: SharedDescriptor
  private let writer: Mutex<SharedDescriptor?>

  /// What a pipe holds that bytes stream through: who writes and who reads wake each other a tenth as often as with the kernel's 64 KiB.
  public static let streamCapacity: CInt = 1 << 20

  /// - Parameter capacity: bytes it holds, if the system lets it (F_SETPIPE_SZ); nil: the kernel's choice.
  public init(capacity: CInt? = nil) throws(SystemCallError) {
    var ends: [Int32] = [-1, -1]
    _ = try kernelCall("pipe2", on: "O_CLOEXEC") { unsafe cl_pipe2(&ends) }
    readEnd = SharedDescriptor(OwnedDescriptor(adopting: ends[0]))
    writer = Mutex(SharedDescriptor(OwnedDescriptor(adopting: ends[1])))
    // F_SETPIPE_SZ, which Glibc's module lacks.
    if let capacity { _ = fcntl(ends[0], 1031, capacity) }
  }

  /// The write end, to pass on. Throws EPIPE after `closeWriteEnd`.
  public func writeEnd() throws(SystemCallError) -> SharedDescriptor {
    if let end = writer.withLock({ $0 }) { return end }
    throw SystemCallError(call: "write", subject: "pipe", code: EPIPE)
  }

  /// Drops our reference to the write end, so that the reader sees the end when the other holders are gone.
  public func closeWriteEnd() { writer.withLock { $0 = nil } }
}

/// One read(2) of what is there, at most 64 KiB; empty at end of file. Call when the descriptor is readable.
public func readAvailable(_ descriptor: SharedDescriptor) throws(SystemCallError) -> [UInt8] {
  var buffer = [UInt8](repeating: 0, count: 65536)
  let count = try descriptor.withRaw { raw throws(SystemCallError) in
    try systemCall("read", on: "pipe") { unsafe read(raw, &buffer, 65536) }
  }
  buffer.removeLast(65536 - count)
  return buffer
}

/// /dev/null, read and write.
public func openNull() throws(SystemCallError) -> OwnedDescriptor {
  OwnedDescriptor(adopting: try systemCall("open", on: "/dev/null") { unsafe open("/dev/null", O_RDWR | O_CLOEXEC) })
}
