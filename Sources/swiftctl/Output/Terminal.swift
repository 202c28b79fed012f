import Foundation

/// Standard output and error; colour only on a terminal.
enum Terminal {
  static let isInteractive = isatty(1) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

  static func write(_ text: String) { write(Array(text.utf8)) }
  static func write(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }
  static func writeError(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
  static func writeError(_ bytes: [UInt8]) { FileHandle.standardError.write(Data(bytes)) }

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
