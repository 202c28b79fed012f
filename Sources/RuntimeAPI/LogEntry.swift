/// One line of a container's log: `<time> <stream> <P|F> <content>`. Source: Kubernetes, "CRI logging format".
public struct LogEntry: Sendable {
  /// RFC 3339 with nanoseconds: sorts by time.
  public let time: String
  /// `stdout` or `stderr`.
  public let stream: String
  /// The line of the program goes on in the next entry of its stream.
  public let isPartial: Bool
  public let content: ArraySlice<UInt8>

  /// - Parameter line: without its end. nil: it is no such line.
  public init?(_ line: ArraySlice<UInt8>) {
    let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, let tag = parts[2].first, tag == UInt8(ascii: "F") || tag == UInt8(ascii: "P") else { return nil }
    time = String(decoding: parts[0], as: UTF8.self)
    stream = String(decoding: parts[1], as: UTF8.self)
    isPartial = tag == UInt8(ascii: "P")
    content = parts[3]
  }
}
