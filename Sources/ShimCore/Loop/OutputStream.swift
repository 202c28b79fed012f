import CLinux

/// The reading end of a container's output (pipe or terminal): drained into the log and to attached clients.
final class OutputStream {
  /// What a slow attached client may fall behind before it is cut off, bytes. It must not hold up the log.
  private static let maximumBacklog = 1 << 20

  private final class Reader {
    let descriptor: Descriptor
    var backlog: [UInt8] = []
    var token: UInt64?
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
  }

  let source: Descriptor
  var token: UInt64 = 0
  private(set) var ended = false
  private var lines: LogLines
  private var readers: [Reader] = []

  init(_ source: consuming Descriptor, isError: Bool) {
    self.source = source
    lines = LogLines(isError: isError)
  }

  /// Reads up to four buffers, so that one busy container cannot starve the others. Returns whether more may be there.
  func drain(_ buffer: inout [UInt8], _ log: LogFile?, _ loop: Loop) -> Bool {
    for _ in 0..<4 {
      if ended { return false }
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
    }
    return true
  }

  func attach(_ descriptor: consuming Descriptor) {
    _ = cl_set_nonblocking(descriptor.raw)
    if !ended { readers.append(Reader(descriptor)) }
  }

  /// End of the stream, or nobody wants to wait for it any longer.
  func end(_ log: LogFile?, _ loop: Loop) {
    if ended { return }
    ended = true
    log?.finish(&lines)
    loop.remove(token, source.raw)
    for reader in readers where reader.backlog.isEmpty { drop(reader, loop) }
  }

  private func forward(_ bytes: [UInt8], _ count: Int, _ reader: Reader, _ loop: Loop) {
    if !reader.backlog.isEmpty {
      if reader.backlog.count + count > Self.maximumBacklog { return drop(reader, loop) }
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
    if written < 0 { return drop(reader, loop) }
    reader.backlog.removeFirst(Int(written))
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
