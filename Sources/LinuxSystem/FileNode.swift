import Glibc

/// What a path is.
public enum FileNode: Equatable, Sendable {
  case regular(size: Int, links: Int)
  case directory
  case symbolicLink
  case other

  /// lstat(2); `nil` if there is nothing or it cannot be reached.
  public static func at(_ path: String) -> FileNode? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .regular(size: Int(status.st_size), links: Int(status.st_nlink))
    case S_IFDIR: return .directory
    case S_IFLNK: return .symbolicLink
    default: return .other
    }
  }

  /// Whether two paths, links followed, lead to one file: st_dev and st_ino of stat(2).
  public static func isSame(_ path: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard unsafe stat(path, &first) == 0, unsafe stat(other, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// realpath(3); nil when there is nothing.
  public static func resolved(_ path: String) -> String? {
    guard let text = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }

  /// readlink(2); `nil` if `path` is no symbolic link.
  public static func target(of path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink(path, &buffer, buffer.count)
    return count < 0 ? nil : String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// getcwd(3); `/` when it was removed.
public func currentDirectory() -> String {
  var buffer = [CChar](repeating: 0, count: 4096)
  guard unsafe getcwd(&buffer, buffer.count) != nil else { return "/" }
  return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// access(2) X_OK of a regular file.
public func isExecutable(_ path: String) -> Bool {
  guard (try? HostFiles.facts(path))?.kind == .file else { return false }
  return unsafe access(path, X_OK) == 0
}

/// Reads a regular file, following links; refuses anything else (a FIFO would block) and more than `limit` bytes.
public func readRegularFile(_ path: String, limit: Int) throws(SystemCallError) -> [UInt8] {
  let raw = try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
  let file = OwnedDescriptor(adopting: raw)
  return try file.withRaw { raw throws(SystemCallError) in
    var status = stat()
    _ = try systemCall("fstat", on: path) { unsafe fstat(raw, &status) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SystemCallError(call: "open", subject: path, code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = try systemCall("read", on: path) { unsafe read(raw, &chunk, chunk.count) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      if bytes.count > limit { throw SystemCallError(call: "read", subject: path, code: EFBIG) }
    }
  }
}

/// The last bytes of a regular file, at most `limit`, following links; refuses anything else (a FIFO would block).
public func readFileEnd(_ path: String, limit: Int) throws(SystemCallError) -> [UInt8] {
  let raw = try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
  let file = OwnedDescriptor(adopting: raw)
  return try file.withRaw { raw throws(SystemCallError) in
    var status = stat()
    _ = try systemCall("fstat", on: path) { unsafe fstat(raw, &status) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SystemCallError(call: "open", subject: path, code: EINVAL) }
    var bytes = [UInt8](repeating: 0, count: min(limit, Int(status.st_size)))
    let count = try systemCall("pread", on: path) {
      unsafe pread(raw, &bytes, bytes.count, off_t(Int(status.st_size) - bytes.count))
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}
