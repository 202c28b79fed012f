import CLinux

/// The CRI log of one container. Both streams go through one instance, so a line is never torn by the other stream. Errors never
/// reach the container: what cannot be written is dropped and counted, and the log says how much is missing as soon as it can.
public final class LogFile {
  private let path: String
  private let directory: String
  private var file: Descriptor
  private var batch: [UInt8] = []
  private var clock = TimestampFormatter()
  /// Lines lost since the last one that was written.
  private var lost: UInt64 = 0
  private var failure: Int32 = 0
  /// What became of lines since `takeLoss` was asked last.
  private var news: (lines: UInt64, errno: Int32)?

  private init(path: String, directory: String, file: consuming Descriptor) {
    self.path = path
    self.directory = directory
    self.file = file
  }

  /// - Parameter directory: nothing on the way from it to `path` may be a symbolic link; "": only `path` itself may be none.
  public static func open(_ path: String, in directory: String = "") throws(CallError) -> LogFile {
    LogFile(path: path, directory: directory, file: try openFile(path, directory))
  }

  private static func openFile(_ path: String, _ directory: String) throws(CallError) -> Descriptor {
    // Non-blocking: a FIFO in place of the log must not stop podshim.
    let flags = Open.writeOnly | Open.create | Open.append | Open.nonblocking | Open.noFollow | Open.noTerminal
    let file: Descriptor
    if directory.isEmpty {
      file = try Files.open(path, flags, mode: 0o640)
    } else {
      guard path.utf8.starts(with: (directory + "/").utf8) else { throw CallError("openat2", Errno.invalid, path) }
      let base = try Files.open(directory, Open.path | Open.directory)
      var part = path.utf8.dropFirst(directory.utf8.count)
      while part.first == UInt8(ascii: "/") { part = part.dropFirst() }
      let resolve = Resolve.beneath | Resolve.noSymlinks | Resolve.noMagicLinks
      file = Descriptor(
        adopting: try check(
          unsafe cl_openat2(base.raw, String(decoding: part, as: UTF8.self), UInt64(flags | Open.closeOnExec), 0o640, resolve),
          "openat2",
          path))
    }
    guard try Files.status(file.raw, path).mode & FileType.mask == FileType.regular else {
      throw CallError("openat2", Errno.invalid, path + " is not a regular file")
    }
    return file
  }

  /// CRI ReopenContainerLog: afterwards nothing goes to the old file.
  public func reopen() throws(CallError) { file = try Self.openFile(path, directory) }

  public func write(_ lines: inout LogLines, _ chunk: [UInt8], count: Int) {
    lines.feed(chunk, count: count, at: cl_realtime(), clock: &clock, to: &batch)
    flush()
  }

  public func finish(_ lines: inout LogLines) {
    lines.finish(at: cl_realtime(), clock: &clock, to: &batch)
    flush()
  }

  /// How many lines are missing, if somebody should hear of it.
  /// - Parameter atEnd: nothing more will be written.
  public func takeLoss(atEnd: Bool = false) -> (lines: UInt64, errno: Int32)? {
    defer { news = nil }
    return atEnd && lost > 0 ? (lost, failure) : news
  }

  private func flush() {
    if lost > 0 { confess() }
    if batch.isEmpty { return }
    let length = batch.count
    let written = lost > 0 ? 0 : append(batch)
    if written < length {
      if lost == 0 { news = (0, failure) }
      for index in written..<length where batch[index] == UInt8(ascii: "\n") { lost += 1 }
      if let first = news, first.lines == 0 { news = (lost, failure) }
    }
    batch.removeAll(keepingCapacity: length <= 65536)
  }

  /// Writes how many lines are missing here; nothing is written before that is.
  private func confess() {
    var line: [UInt8] = []
    clock.append(cl_realtime(), to: &line)
    line.append(
      contentsOf: (" stderr F [" + decimal(lost) + " lines of this log could not be written: errno " + decimal(failure) + "]\n")
        .utf8)
    guard append(line) == line.count else { return }
    news = (lost, failure)
    lost = 0
  }

  /// Writes whole lines or takes back what is torn. Returns how many bytes are in the file now.
  private func append(_ bytes: [UInt8]) -> Int {
    var written = 0
    while written < bytes.count {
      let result = unsafe bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return Int64(0) }
        return unsafe cl_write(file.raw, base + written, bytes.count - written)
      }
      if result == Int64(-Errno.interrupted) { continue }
      if result <= 0 {
        failure = Int32(truncatingIfNeeded: -result)
        break
      }
      written += Int(result)
    }
    return written == bytes.count ? written : written - removeTorn(bytes, written)
  }

  /// A full disk took half a line: take that half back, so that the file still consists of whole lines. Returns its length.
  private func removeTorn(_ bytes: [UInt8], _ written: Int) -> Int {
    var torn = 0
    while torn < written, bytes[written - 1 - torn] != UInt8(ascii: "\n") { torn += 1 }
    let end = cl_file_end(file.raw)
    if torn > 0, end >= Int64(torn) { _ = cl_ftruncate(file.raw, end - Int64(torn)) }
    return torn
  }
}
