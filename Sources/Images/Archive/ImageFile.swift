import Glibc
import LinuxSystem

/// Files that people name or put into a directory. A FIFO or a device would block whoever opens or reads it.
enum ImageFile {
  /// Opens a regular file or a directory for reading.
  static func open(_ path: String, followLinks: Bool) throws(ImageError) -> SharedDescriptor {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followLinks ? 0 : O_NOFOLLOW)
    let file = try files("cannot open \(path)") {
      SharedDescriptor(OwnedDescriptor(adopting: try systemCall("open", on: path) { unsafe Glibc.open(path, flags) }))
    }
    switch try status(file, path).st_mode & S_IFMT {
    case S_IFREG, S_IFDIR: return file
    default:
      throw ImageError(.invalidArchive, "\(path) is neither a file nor a directory: an image archive is read more than once")
    }
  }

  static func status(_ file: SharedDescriptor, _ path: String) throws(ImageError) -> stat {
    try files("cannot read \(path)") {
      try file.withRaw { raw throws(SystemCallError) in
        var status = stat()
        _ = try systemCall("fstat", on: path) { unsafe fstat(raw, &status) }
        return status
      }
    }
  }

  /// Of a regular file that is not a link; nil when there is nothing.
  static func size(_ path: String) throws(ImageError) -> Int64? {
    var status = stat()
    if unsafe lstat(path, &status) != 0 {
      let code = errno
      if code == ENOENT { return nil }
      throw ImageError(.inputOutput, "cannot read \(path)", cause: SystemCallError(call: "lstat", subject: path, code: code))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw ImageError(.invalidArchive, "\(path) is not a regular file") }
    return Int64(status.st_size)
  }
}
