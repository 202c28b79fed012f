import CLinux
import Glibc

/// A connected unix stream socket that carries descriptors beside bytes.
public final class UnixStream: Sendable {
  private let descriptor: OwnedDescriptor

  public init(adopting descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

  /// Two connected ends: ours, and one to give away.
  public static func pair() throws(SystemCallError) -> (ours: UnixStream, theirs: SharedDescriptor) {
    var ends: [Int32] = [-1, -1]
    _ = try kernelCall("socketpair", on: "AF_UNIX") { unsafe cl_socket_pair(&ends) }
    return (
      UnixStream(adopting: OwnedDescriptor(adopting: ends[0])), SharedDescriptor(OwnedDescriptor(adopting: ends[1]))
    )
  }

  /// Connects to the socket `name` in `directory`, however long its path is. Never waits: EAGAIN when as many connections as the listener
  /// lets wait are not accepted yet. The stream does not block either.
  public static func connect(directory: String, name: String) throws(SystemCallError) -> UnixStream {
    let folder = OwnedDescriptor(
      adopting: try systemCall("open", on: directory) { unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    let socket = try folder.withRaw { raw throws(SystemCallError) in
      try kernelCall("connect", on: "\(directory)/\(name)") { unsafe cl_connect_unix(raw, name) }
    }
    return UnixStream(adopting: OwnedDescriptor(adopting: socket))
  }

  public func withRaw<R, E: Error>(_ body: (CInt) throws(E) -> R) throws(E) -> R { try descriptor.withRaw(body) }

  /// Sends everything; the descriptors travel with the first byte. Blocks while the peer's buffer is full.
  public func send(_ bytes: [UInt8], descriptors: [CInt] = []) throws(SystemCallError) {
    var offset = 0
    while offset < bytes.count {
      let sent = try descriptor.withRaw { raw throws(SystemCallError) in
        try kernelCall("sendmsg", on: "podshim") {
          unsafe bytes.withUnsafeBytes { buffer in
            let rest = unsafe buffer.baseAddress! + offset
            return unsafe cl_send_descriptors(
              raw, rest, bytes.count - offset, descriptors, offset == 0 ? CInt(descriptors.count) : 0)
          }
        }
      }
      offset += Int(sent)
    }
  }

  /// Receives what is there, at most `capacity` bytes; empty bytes mean the peer is gone.
  public func receive(capacity: Int = 65536) throws(SystemCallError) -> (bytes: [UInt8], descriptors: [SharedDescriptor]) {
    var numbers = [Int32](repeating: -1, count: Int(CL_MAX_DESCRIPTORS))
    var count: Int32 = 0
    var buffer = [UInt8](repeating: 0, count: capacity)
    let received = try descriptor.withRaw { raw throws(SystemCallError) in
      try kernelCall("recvmsg", on: "podshim") { unsafe cl_receive_descriptors(raw, &buffer, capacity, &numbers, &count) }
    }
    buffer.removeLast(capacity - Int(received))
    return (buffer, numbers[..<Int(count)].map { SharedDescriptor(OwnedDescriptor(adopting: $0)) })
  }
}
