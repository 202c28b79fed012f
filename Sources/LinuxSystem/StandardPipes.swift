import CLinux
import Glibc

/// Standard streams behind descriptors of our own: theirs belong to whoever started the program too, and must not be made non-blocking.
public enum StandardPipes {
  /// Copies standard input into what is returned, by a thread.
  /// - Parameter filter: what of the bytes goes on; nil: nothing any more. Called on that thread.
  public static func input(_ filter: @escaping @Sendable ([UInt8]) -> [UInt8]?) throws(SystemCallError) -> SharedDescriptor {
    let standard = SharedDescriptor(
      OwnedDescriptor(adopting: try systemCall("dup", on: "standard input") { fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) }))
    let pipe = try Pipe()
    let end = try pipe.writeEnd()
    pipe.closeWriteEnd()
    try startThread(named: "stdin") {
      while let bytes = try? readAvailable(standard), !bytes.isEmpty, let rest = filter(bytes) {
        guard (try? write(rest, to: end)) != nil else { return }
      }
    }
    return pipe.readEnd
  }

  private static func write(_ bytes: [UInt8], to descriptor: SharedDescriptor) throws(SystemCallError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try descriptor.withRaw { raw throws(SystemCallError) in
        try systemCall("write", on: "pipe") { unsafe rest.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress, $0.count) } }
      }
      rest = rest.dropFirst(count)
    }
  }
}

/// Standard output or standard error behind a socket: what is written to `descriptor` is copied there by a thread.
public final class StandardOutputPipe: Sendable {
  public let descriptor: SharedDescriptor
  private let isDone = Monitored(false)

  public init(_ stream: StandardStream) throws(SystemCallError) {
    var ends: [Int32] = [-1, -1]
    _ = try kernelCall("socketpair", on: "AF_UNIX") { unsafe cl_socket_pair(&ends) }
    descriptor = SharedDescriptor(OwnedDescriptor(adopting: ends[0]))
    let source = SharedDescriptor(OwnedDescriptor(adopting: ends[1]))
    let isDone = isDone
    try startThread(named: "output") {
      while let bytes = try? readAvailable(source), !bytes.isEmpty {
        // Nobody reads any more (`| head`): the writer hears of it with its next write.
        guard (try? stream.write(bytes)) != nil else { break }
      }
      source.withRaw { raw in _ = shutdown(raw, CInt(SHUT_RD)) }
      isDone.broadcast { $0 = true }
    }
  }

  /// Waits until everything that was written is out. Blocks.
  public func finish() {
    descriptor.withRaw { raw in _ = shutdown(raw, CInt(SHUT_WR)) }
    _ = isDone.wait { $0 ? true : nil }
  }
}
