import CLinux
import Glibc

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
/// - Parameter followsLinks: false: refused with ELOOP when a component of the path is one.
public func readFileEnd(_ path: String, limit: Int, followsLinks: Bool = true) throws(SystemCallError) -> [UInt8] {
  let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
  let raw =
    followsLinks
    ? try systemCall("open", on: path) { unsafe open(path, flags) }
    // RESOLVE_NO_SYMLINKS
    : try kernelCall("openat2", on: path) { unsafe cl_openat2(AT_FDCWD, path, UInt64(flags), 0, 0x04) }
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
