import CLinux
import Glibc
import Synchronization

/// A pipe whose ends are closed independently (pipe2 O_CLOEXEC).
public final class Pipe: Sendable {
  public let readEnd: SharedDescriptor
  private let writer: Mutex<SharedDescriptor?>

  public init() throws(SystemCallError) {
    var ends: [Int32] = [-1, -1]
    _ = try kernelCall("pipe2", on: "O_CLOEXEC") { unsafe cl_pipe2(&ends) }
    readEnd = SharedDescriptor(OwnedDescriptor(adopting: ends[0]))
    writer = Mutex(SharedDescriptor(OwnedDescriptor(adopting: ends[1])))
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
