import CLinux
import Glibc

/// Extended attributes and kinds of files, links not followed.
enum Attributes {
  static func read(_ path: String, _ name: String) -> [UInt8]? {
    let root = unsafe open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { close(root) }
    var value = [UInt8](repeating: 0, count: 256)
    let count = Int(unsafe cl_lgetxattrat(root, path, name, &value, value.count))
    return count < 0 ? nil : Array(value[..<count])
  }

  static func status(_ path: String) -> stat? {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? status : nil
  }

  static func isWhiteout(_ path: String) -> Bool {
    status(path).map { $0.st_mode & S_IFMT == S_IFCHR && $0.st_rdev == 0 } ?? false
  }

  static func isOpaque(_ path: String) -> Bool { read(path, "trusted.overlay.opaque") == [UInt8(ascii: "y")] }
}
