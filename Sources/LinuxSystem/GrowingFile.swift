import Glibc

/// A regular file that somebody else appends to, read from wherever one likes.
public struct GrowingFile: Sendable {
  private let file: SharedDescriptor
  private let path: String
  private var position: Int64 = 0
  /// Tells this file from another one that took its name.
  public let inode: UInt64

  public init(_ path: String) throws(SystemCallError) {
    let file = SharedDescriptor(
      OwnedDescriptor(
        adopting: try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }))
    var status = stat()
    _ = try file.withRaw { raw throws(SystemCallError) in try systemCall("fstat", on: path) { unsafe fstat(raw, &status) } }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SystemCallError(call: "open", subject: path, code: EINVAL) }
    inode = UInt64(status.st_ino)
    self.path = path
    self.file = file
  }

  /// Bytes there are now.
  public func size() throws(SystemCallError) -> Int64 {
    var status = stat()
    _ = try file.withRaw { raw throws(SystemCallError) in try systemCall("fstat", on: path) { unsafe fstat(raw, &status) } }
    return Int64(status.st_size)
  }

  public mutating func seek(to offset: Int64) { position = offset }

  /// The next bytes, at most `limit`; none at the end of what is there.
  public mutating func read(limit: Int) throws(SystemCallError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = try file.withRaw { raw throws(SystemCallError) in
      try systemCall("pread", on: path) { unsafe pread(raw, &bytes, limit, off_t(position)) }
    }
    position += Int64(count)
    bytes.removeLast(limit - count)
    return bytes
  }

  /// The inode a path names now; nil: nothing is there.
  public static func inode(of path: String) -> UInt64? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
  }
}
