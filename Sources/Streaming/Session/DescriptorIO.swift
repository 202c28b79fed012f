import Glibc
import LinuxSystem
import NIOCore

/// read(2) and write(2) of non-blocking descriptors, into and out of NIO's buffers.
enum DescriptorIO {
  enum Outcome {
    case bytes(ByteBuffer)
    /// Nothing is there, or taken, now.
    case wait
    /// The end of what is read; who reads what is written is gone.
    case end
  }

  /// One read of a pipe is no more than what it holds, 64 KiB if nobody changed it.
  static let chunk = 1 << 16

  /// For the agent's own end: the flag is the open file's, which nobody else has.
  static func setNonBlocking(_ descriptor: SharedDescriptor) {
    descriptor.withRaw { raw in
      let flags = fcntl(raw, F_GETFL)
      if flags >= 0 { _ = fcntl(raw, F_SETFL, flags | O_NONBLOCK) }
    }
  }

  /// - Parameter buffer: used again when nobody has it any more.
  static func read(_ descriptor: SharedDescriptor) -> Outcome {
    var buffer = ByteBufferAllocator().buffer(capacity: chunk)
    var code: CInt = 0
    let count = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: chunk) { pointer in
      descriptor.withRaw { raw in
        while true {
          let count = unsafe Glibc.read(raw, pointer.baseAddress, chunk)
          if count >= 0 { return count }
          code = errno
          if code != EINTR { return 0 }
        }
      }
    }
    if count > 0 { return .bytes(buffer) }
    // EIO: the last process closed the terminal.
    return code == EAGAIN ? .wait : .end
  }

  /// Writes what is taken, and takes it off the buffer.
  static func write(_ descriptor: SharedDescriptor, _ buffer: inout ByteBuffer) -> Outcome {
    while buffer.readableBytes > 0 {
      var code: CInt = 0
      let count = unsafe buffer.readWithUnsafeReadableBytes { pointer in
        descriptor.withRaw { raw in
          let count = unsafe Glibc.write(raw, pointer.baseAddress, pointer.count)
          code = count < 0 ? errno : 0
          return max(0, count)
        }
      }
      if count == 0, code != EINTR { return code == EAGAIN ? .wait : .end }
    }
    return .bytes(buffer)
  }
}
