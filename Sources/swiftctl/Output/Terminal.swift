import Foundation

/// Standard output and error; colour only on a terminal.
enum Terminal {
  static let isInteractive = isatty(1) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

  static func write(_ text: String) { write(Array(text.utf8)) }
  static func write(_ bytes: [UInt8]) { put(bytes, to: .standardOutput) }
  static func writeError(_ text: String) { writeError(Array(text.utf8)) }
  static func writeError(_ bytes: [UInt8]) { put(bytes, to: .standardError) }

  /// A reader that has seen enough (`| head`) ends the program as SIGPIPE would: quietly.
  private static func put(_ bytes: [UInt8], to file: FileHandle) {
    do { try file.write(contentsOf: Data(bytes)) } catch { exit(128 + SIGPIPE) }
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
