import Glibc

/// Standard output and standard error of a program for people.
public enum StandardStream: CInt, Sendable {
  case output = 1
  case error = 2

  /// All of it, or an error (EPIPE: nobody reads any more).
  public func write(_ bytes: [UInt8]) throws(SystemCallError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try systemCall("write", on: "\(self)") {
        unsafe rest.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
      }
      rest = rest.dropFirst(count)
    }
  }
}

/// isatty(3).
public func isTerminal(_ stream: StandardStream) -> Bool { isatty(stream.rawValue) == 1 }

/// exit(3).
public func endProcess(_ status: CInt) -> Never { exit(status) }
