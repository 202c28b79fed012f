import CLinux

/// The reading end of a container's output (pipe or terminal): drained into the log and to attached clients.
final class OutputStream {
  /// What an attached client may fall behind before the container is not read any more, bytes; half of it lets it go on.
  private static let maximumBacklog = 256 << 10
  /// How long a client that takes too little holds up the container and its log before it is cut off, nanoseconds.
  private static let patience: Int64 = 5_000_000_000

  private final class Reader {
    let descriptor: Descriptor
    var backlog: [UInt8] = []
    var token: UInt64?
    /// When it began to hold up the container; 0: it does not.
    var since: Int64 = 0
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
  }

  let source: Descriptor
  var token: UInt64 = 0
  private(set) var ended = false
  /// CLOCK_MONOTONIC nanoseconds at which the client that holds it up is cut off; 0: none does.
  private(set) var deadline: Int64 = 0
  private var lines: LogLines
  private var readers: [Reader] = []

  init(_ source: consuming Descriptor, isError: Bool) {
    self.source = source
    lines = LogLines(isError: isError)
  }

  /// Reads up to four buffers, so that one busy container cannot starve the others. Returns whether more may be there.
  /// - Parameter rest: whoever holds it up: the process has ended, there is not much.
  func drain(_ buffer: inout [UInt8], _ log: LogFile?, _ loop: Loop, rest: Bool) -> Bool {
    for _ in 0..<4 {
      if ended || deadline != 0 && !rest { return false }
      let count = unsafe cl_read(source.raw, &buffer, buffer.count)
      if count == Int64(-Errno.again) { return false }
      if count == Int64(-Errno.interrupted) { continue }
      if count <= 0 {
        // EIO: the last process closed the terminal.
        end(log, loop)
        return false
      }
      log?.write(&lines, buffer, count: Int(count))
      for reader in readers { forward(buffer, Int(count), reader, loop) }
      holdUp(loop)
    }
    return true
  }

  /// Called when the source is readable. While it is held up only its end is told: then what is left is read.
  var isHeldUp: Bool { deadline != 0 }

  private func holdUp(_ loop: Loop) {
    var earliest: Int64 = 0
    for reader in readers {
      if reader.backlog.count <= Self.maximumBacklog / 2 { reader.since = 0 }
      if reader.backlog.count > Self.maximumBacklog, reader.since == 0 { reader.since = cl_monotonic() }
      let end = reader.since + Self.patience
      if reader.since != 0, earliest == 0 || end < earliest { earliest = end }
    }
    if !ended, (earliest == 0) != (deadline == 0) { loop.modify(token, source.raw, earliest == 0 ? Loop.readable : 0) }
    deadline = ended ? 0 : earliest
  }

  /// Cuts off who held up the container for too long.
  func expire(_ now: Int64, _ loop: Loop) {
    guard deadline != 0, deadline <= now else { return }
    for reader in readers where reader.since != 0 && reader.since + Self.patience <= now { drop(reader, loop) }
    holdUp(loop)
  }

  func attach(_ descriptor: consuming Descriptor) {
    _ = cl_set_nonblocking(descriptor.raw)
    if !ended { readers.append(Reader(descriptor)) }
  }

  /// End of the stream, or nobody wants to wait for it any longer.
  func end(_ log: LogFile?, _ loop: Loop) {
    if ended { return }
    ended = true
    deadline = 0
    log?.finish(&lines)
    loop.remove(token, source.raw)
    for reader in readers where reader.backlog.isEmpty { drop(reader, loop) }
  }

  private func forward(_ bytes: [UInt8], _ count: Int, _ reader: Reader, _ loop: Loop) {
    if !reader.backlog.isEmpty {
      reader.backlog.append(contentsOf: bytes[0..<count])
      return
    }
    let written = unsafe cl_write(reader.descriptor.raw, bytes, count)
    if written == count { return }
    if written < 0, written != Int64(-Errno.again) { return drop(reader, loop) }
    reader.backlog = Array(bytes[max(0, Int(written))..<count])
    reader.token = try? loop.add(reader.descriptor.raw, Loop.writable) { self.flush(reader, loop) }
    if reader.token == nil { drop(reader, loop) }
  }

  private func flush(_ reader: Reader, _ loop: Loop) {
    let written = unsafe cl_write(reader.descriptor.raw, reader.backlog, reader.backlog.count)
    if written == Int64(-Errno.again) { return }
    if written < 0 {
      drop(reader, loop)
      return holdUp(loop)
    }
    reader.backlog.removeFirst(Int(written))
    holdUp(loop)
    guard reader.backlog.isEmpty else { return }
    if let token = reader.token { loop.remove(token, reader.descriptor.raw) }
    reader.token = nil
    if ended { drop(reader, loop) }
  }

  private func drop(_ reader: Reader, _ loop: Loop) {
    if let token = reader.token { loop.remove(token, reader.descriptor.raw) }
    reader.token = nil
    readers.removeAll { $0 === reader }
  }
}
