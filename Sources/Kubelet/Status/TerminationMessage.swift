internal import LinuxSystem
internal import RuntimeAPI

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
    // The first line may be the end of one that was cut off: then it is no entry.
    let entries = bytes.split(separator: UInt8(ascii: "\n")).suffix(logLines).compactMap { LogEntry($0) }
    let messages = entries.reduce(into: [UInt8]()) { text, entry in
      text += entry.content
      if !entry.isPartial { text.append(UInt8(ascii: "\n")) }
    }
    return String(decoding: messages.suffix(min(logLimit, limit)), as: UTF8.self)
  }

  private static func tail(of path: String, limit: Int) -> [UInt8]? { try? readFileEnd(path, limit: limit) }
}
