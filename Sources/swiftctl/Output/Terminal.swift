import FoundationEssentials
import LinuxSystem

/// Standard output and error; colour only on a terminal.
enum Terminal {
  static let isInteractive = isTerminal(.output) && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

  static func write(_ text: String) { write(Array(text.utf8)) }
  static func write(_ bytes: [UInt8]) { put(bytes, to: .output) }
  static func writeError(_ text: String) { writeError(Array(text.utf8)) }
  static func writeError(_ bytes: [UInt8]) { put(bytes, to: .error) }

  /// A reader that has seen enough (`| head`) ends the program as SIGPIPE would: quietly.
  private static func put(_ bytes: [UInt8], to stream: StandardStream) {
    do { try stream.write(bytes) } catch { endProcess(141) }
  }

  enum Colour: String {
    case green = "32"
    case yellow = "33"
    case red = "31"
    case grey = "90"
  }

  static func paint(_ text: String, _ colour: Colour) -> String {
    isInteractive ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
  }
}
