internal import LinuxSystem

/// The text a container leaves behind: its termination log, or the end of its log when it failed without one.
enum TerminationMessage {
  /// Bytes of the file that count.
  static let fileLimit = 4096
  static let logLimit = 2048
  static let logLines = 80
  /// All containers of a pod together.
  static let podLimit = 12 * 1024

  /// Blocks on the file system.
  static func read(file: String, log: String?, fallsBack: Bool, exitCode: Int32, containers: Int) -> String {
    let limit = min(fileLimit, podLimit / max(containers, 1))
    let text = tail(of: file, limit: limit).map { String(decoding: $0, as: UTF8.self) } ?? ""
    if !text.isEmpty || !fallsBack || exitCode == 0 { return text }
    guard let log, let bytes = tail(of: log, limit: 64 * 1024) else { return "" }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true).suffix(logLines)
    let messages = lines.map { content(ofLogLine: $0) }.joined()
    return String(decoding: Array(messages.utf8).suffix(min(logLimit, limit)), as: UTF8.self)
  }

  /// `<time> <stream> <F|P> text`: the text, with its line end when the line is full. Source: CRI log format.
  static func content(ofLogLine line: Substring) -> String {
    let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4 else { return "" }
    return String(parts[3]) + (parts[2].hasPrefix("F") ? "\n" : "")
  }

  private static func tail(of path: String, limit: Int) -> [UInt8]? { try? readFileEnd(path, limit: limit) }
}
