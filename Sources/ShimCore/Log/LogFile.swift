import CLinux

/// The CRI log of one container. Both streams go through one instance, so a line is never torn by the other stream. Errors never
/// reach the container: what cannot be written is dropped.
public final class LogFile {
  private let path: String
  private var file: Descriptor
  private var batch: [UInt8] = []
  private var clock = TimestampFormatter()

  private init(path: String, file: consuming Descriptor) {
    self.path = path
    self.file = file
  }

  public static func open(_ path: String) throws(CallError) -> LogFile { LogFile(path: path, file: try openFile(path)) }

  private static func openFile(_ path: String) throws(CallError) -> Descriptor {
    // Non-blocking: a FIFO in place of the log must not stop podshim.
    try Files.open(path, Open.writeOnly | Open.create | Open.append | Open.nonblocking, mode: 0o640)
  }

  /// CRI ReopenContainerLog: afterwards nothing goes to the old file.
  public func reopen() throws(CallError) { file = try Self.openFile(path) }

  public func write(_ lines: inout LogLines, _ chunk: [UInt8], count: Int) {
    lines.feed(chunk, count: count, at: cl_realtime(), clock: &clock, to: &batch)
    flush()
  }

  public func finish(_ lines: inout LogLines) {
    lines.finish(at: cl_realtime(), clock: &clock, to: &batch)
    flush()
  }

  private func flush() {
    if batch.isEmpty { return }
    let length = batch.count
    var written = 0
    while written < length {
      let result = unsafe batch.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return Int64(0) }
        return unsafe cl_write(file.raw, base + written, length - written)
      }
      if result == Int64(-Errno.interrupted) { continue }
      if result <= 0 { break }
      written += Int(result)
    }
    if written > 0, written < length { removeTorn(written) }
    batch.removeAll(keepingCapacity: length <= 65536)
  }

  /// A full disk took half a line: take that half back, so that the file still consists of whole lines.
  private func removeTorn(_ written: Int) {
    var torn = 0
    while torn < written, batch[written - 1 - torn] != UInt8(ascii: "\n") { torn += 1 }
    let end = cl_file_end(file.raw)
    if torn > 0, end >= Int64(torn) { _ = cl_ftruncate(file.raw, end - Int64(torn)) }
  }
}
