import CLinux
import Glibc

/// The size of terminals, and the mode of the one a person sits at.
public enum TerminalDevice {
  /// Tells the processes of a terminal how large it is (SIGWINCH).
  public static func resize(_ descriptor: SharedDescriptor, columns: UInt16, rows: UInt16) throws(SystemCallError) {
    _ = try descriptor.withRaw { raw throws(SystemCallError) in
      try kernelCall("ioctl(TIOCSWINSZ)", on: "terminal") { cl_terminal_resize(raw, columns, rows) }
    }
  }

  /// Of standard output's, or nil if it is none.
  public static var size: (columns: UInt16, rows: UInt16)? {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
    return (size.ws_col, size.ws_row)
  }

  /// Whether standard input is one.
  public static var isInput: Bool { isatty(STDIN_FILENO) == 1 }

  /// How standard input's terminal was before `makeRaw`.
  public struct Mode: Sendable {
    fileprivate let settings: termios

    public func restore() {
      var settings = settings
      _ = unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    }
  }

  /// Every key goes to who reads standard input, and nothing is echoed: cfmakeraw(3).
  public static func makeRaw() throws(SystemCallError) -> Mode {
    var settings = termios()
    _ = try systemCall("tcgetattr", on: "standard input") { unsafe tcgetattr(STDIN_FILENO, &settings) }
    var raw = settings
    unsafe cfmakeraw(&raw)
    _ = try systemCall("tcsetattr", on: "standard input") { unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) }
    return Mode(settings: settings)
  }
}
