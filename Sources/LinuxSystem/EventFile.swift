import Glibc

/// A kernel file that tells of its changes by POLLPRI, e.g. cgroup.events. Source: cgroup-v2.rst, "[Un]populated Notification".
public struct EventFile: ~Copyable {
  private let path: String
  private let file: OwnedDescriptor

  public init(_ path: String) throws(SystemCallError) {
    self.path = path
    file = OwnedDescriptor(adopting: try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_CLOEXEC) })
  }

  /// The content now; changes after this call end the next `waitForChange`.
  public borrowing func read() throws(SystemCallError) -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let path = path
    let count = try file.withRaw { raw throws(SystemCallError) in
      try systemCall("pread", on: path) { unsafe pread(raw, &bytes, bytes.count, 0) }
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// poll(2): blocks until the content changes or the time (at least a millisecond) is over, or a signal arrives. Read again either way.
  public borrowing func waitForChange(milliseconds: Int32) throws(SystemCallError) {
    let path = path
    try file.withRaw { raw throws(SystemCallError) in
      var entry = pollfd(fd: raw, events: Int16(POLLPRI), revents: 0)
      if unsafe poll(&entry, 1, max(1, milliseconds)) == -1 {
        let code = errno
        if code != EINTR { throw SystemCallError(call: "poll", subject: path, code: code) }
      }
    }
  }
}
