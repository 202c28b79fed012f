/// Cuts one stream into CRI log lines: `<RFC3339Nano> <stream> <P|F> <content>\n`. Pure: bytes in, bytes out.
/// Source: kubernetes/cri-api, and containerd for what the API leaves open (16 KiB, CRLF, the unterminated tail).
public struct LogLines {
  /// Longest content of a log line, bytes; a longer output line becomes P lines and a last F line.
  public static let maximumContent = 16384

  /// ` stdout ` or ` stderr `.
  private let tag: [UInt8]
  /// The beginning of a line whose end has not come yet: at most `maximumContent` bytes, and a CR. Released when empty, so a quiet container costs nothing.
  private var pending: [UInt8] = []

  public init(isError: Bool) {
    tag = isError ? Array(" stderr ".utf8) : Array(" stdout ".utf8)
  }

  public var hasPending: Bool { !pending.isEmpty }

  /// Appends the complete lines of `chunk`, with what was pending before it, to `output`.
  public mutating func feed(
    _ chunk: [UInt8], count: Int, at nanoseconds: Int64, clock: inout TimestampFormatter, to output: inout [UInt8]
  ) {
    var start = 0
    var index = 0
    while index < count {
      if chunk[index] == UInt8(ascii: "\n") {
        let end = index > start && chunk[index - 1] == UInt8(ascii: "\r") ? index - 1 : index
        if index == start, pending.last == UInt8(ascii: "\r") { pending.removeLast() }
        emit(chunk, start, end, full: true, nanoseconds, &clock, &output)
        start = index + 1
      } else if pending.count + index - start >= Self.maximumContent {
        // A CR behind a full line waits for what comes: it may be the line's end.
        let waits = pending.count + index - start > Self.maximumContent
        if !waits, chunk[index] == UInt8(ascii: "\r") {
          index += 1
          continue
        }
        split(chunk, start, waits ? index - 1 : index, nanoseconds, &clock, &output)
        start = waits && index > start ? index - 1 : index
      }
      index += 1
    }
    if start < count { pending.append(contentsOf: chunk[start..<count]) }
  }

  /// Appends what is still pending as a partial line; at the end of the stream.
  public mutating func finish(at nanoseconds: Int64, clock: inout TimestampFormatter, to output: inout [UInt8]) {
    if pending.count > Self.maximumContent { split([], 0, -1, nanoseconds, &clock, &output) }
    if !pending.isEmpty { emit([], 0, 0, full: false, nanoseconds, &clock, &output) }
  }

  /// A full partial line, up to `end` of the chunk; before its start: without the last byte that is pending, which stays so.
  private mutating func split(
    _ chunk: [UInt8], _ start: Int, _ end: Int, _ nanoseconds: Int64, _ clock: inout TimestampFormatter, _ output: inout [UInt8]
  ) {
    let rest = end < start ? pending.popLast() : nil
    emit(chunk, start, max(start, end), full: false, nanoseconds, &clock, &output)
    if let rest { pending = [rest] }
  }

  private mutating func emit(
    _ chunk: [UInt8], _ start: Int, _ end: Int, full: Bool, _ nanoseconds: Int64, _ clock: inout TimestampFormatter,
    _ output: inout [UInt8]
  ) {
    clock.append(nanoseconds, to: &output)
    output.append(contentsOf: tag)
    output.append(full ? UInt8(ascii: "F") : UInt8(ascii: "P"))
    output.append(UInt8(ascii: " "))
    if !pending.isEmpty {
      output.append(contentsOf: pending)
      pending = []
    }
    output.append(contentsOf: chunk[start..<end])
    output.append(UInt8(ascii: "\n"))
  }
}
