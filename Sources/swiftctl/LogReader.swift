import LinuxSystem
import RuntimeAPI

/// Reads CRI logs: `<time> <stream> <P|F> <content>`. Partial lines are joined.
/// Source: Kubernetes, "CRI logging format".
struct LogReader {
  let path: String
  let since: String?
  let stream: String?
  let timestamps: Bool
  var limit: Int?
  /// Where lines go: bytes, and the stream they were written to.
  var write: ([UInt8], String) -> Void = { bytes, stream in
    if stream == "stderr" { Terminal.writeError(bytes) } else { Terminal.write(bytes) }
  }
  private var file: GrowingFile?
  private var pending: [UInt8] = []
  /// Whether the next entry of a stream continues a printed partial line.
  private var continued: [String: Bool] = [:]

  init(path: String, since: String?, stream: String?, timestamps: Bool, limit: Int?) {
    self.path = path
    self.since = since
    self.stream = stream
    self.timestamps = timestamps
    self.limit = limit
  }

  /// Prints what the file holds now, whole or its last lines.
  mutating func printExisting(tail: Int?) throws {
    do { file = try GrowingFile(path) } catch {
      throw Failure(
        "cannot open the log \(path): \(error.reason)", hint: "logs are read from the file: run swiftctl on the node, as root")
    }
    guard let tail else { return readMore() }
    for entry in try last(tail) { emit(entry) }
  }

  /// The last lines, read backwards in growing windows: however large the log, little more than the lines is held.
  private mutating func last(_ tail: Int) throws -> ArraySlice<LogEntry> {
    let end = try file?.size() ?? 0
    var window: Int64 = 64 << 10
    while true {
      let start = end > window ? end - window : 0
      file?.seek(to: start)
      pending = try file?.read(limit: Int(end - start)) ?? []
      // The window begins inside a line.
      if start > 0 { pending.removeSubrange(...(pending.firstIndex(of: UInt8(ascii: "\n")) ?? pending.endIndex - 1)) }
      let entries = takeEntries().filter(wanted)
      var lines = 0
      var first = entries.count
      while first > 0 {
        if !entries[first - 1].isPartial {
          if lines == tail { return entries[first...] }
          lines += 1
        }
        first -= 1
      }
      if start == 0 { return entries[...] }
      window *= 4
    }
  }

  /// Goes on until `isRunning` says no and nothing is left, from file to file when the log is rotated.
  mutating func follow(while isRunning: () async -> Bool) async throws {
    var news = FileNews(directory: directory)
    while true {
      let running = await isRunning()
      readMore()
      while let next = successor() {
        // It was begun when this one got its last line.
        readMore()
        file = next
        readMore()
      }
      if !running { return }
      try await news.next()
    }
  }

  private mutating func readMore() {
    while let bytes = try? file?.read(limit: 1 << 20), !bytes.isEmpty {
      pending += bytes
      takeEntries().filter(wanted).forEach { emit($0) }
    }
  }

  private var directory: String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }

  /// The file after the one that is being read, if that is not the newest any more: there may have been several rotations. What was
  /// compressed meanwhile is passed over.
  private func successor() -> GrowingFile? {
    guard let file, GrowingFile.inode(of: path) != file.inode else { return nil }
    let names = ((try? listDirectory(directory)) ?? []).map { "\(directory)/\($0)" }
    let rotated = names.filter { $0.hasPrefix(path + ".") && !$0.hasSuffix(".gz") && !$0.hasSuffix(".tmp") }.sorted()
    if let own = rotated.firstIndex(where: { GrowingFile.inode(of: $0) == file.inode }), own + 1 < rotated.count {
      return try? GrowingFile(rotated[own + 1])
    }
    return try? GrowingFile(path)
  }

  private mutating func takeEntries() -> [LogEntry] {
    guard let end = pending.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    let complete = pending[...end]
    let entries = complete.split(separator: UInt8(ascii: "\n")).compactMap { LogEntry($0) }
    pending.removeSubrange(...end)
    return entries
  }

  private func wanted(_ entry: LogEntry) -> Bool {
    (stream.map { $0 == entry.stream } ?? true) && (since.map { entry.time >= $0 } ?? true)
  }

  private mutating func emit(_ entry: LogEntry) {
    var bytes: [UInt8] = []
    if timestamps, continued[entry.stream] != true { bytes += Array((entry.time + " ").utf8) }
    bytes += entry.content
    if !entry.isPartial { bytes.append(UInt8(ascii: "\n")) }
    continued[entry.stream] = entry.isPartial
    if let limit {
      bytes = Array(bytes.prefix(limit))
      self.limit = limit - bytes.count
    }
    write(bytes, entry.stream)
  }
}

/// `--since`: a duration before now or a time, as the RFC 3339 text logs use (which sorts by time).
enum LogTime {
  static func parse(_ text: String, now: Int64 = wallClockNanoseconds()) throws -> String {
    if text.contains("T") { return text }
    var seconds = 0.0
    var number = ""
    var seen = false
    let units: [Character: Double] = ["h": 3600, "m": 60, "s": 1]
    for character in text {
      if character.isNumber || character == "." {
        number.append(character)
      } else if let unit = units[character], let value = Double(number) {
        seconds += value * unit
        number = ""
        seen = true
      } else {
        throw Failure("--since \(text) is no duration (10s, 5m, 1h30m) and no RFC 3339 time")
      }
    }
    guard seen, number.isEmpty else { throw Failure("--since \(text) is no duration (10s, 5m, 1h30m) and no RFC 3339 time") }
    return Format.time(now - Int64(min(seconds, 1e9) * 1e9))
  }
}
