import CLinux
import Glibc

/// A unix socket that listens.
public enum UnixListener {
  /// Binds `path`, gives it its group and mode, and only then listens: before that nobody can connect, whatever the umask says.
  /// - Parameters:
  ///   - path: at most 107 bytes, nothing is there.
  ///   - group: nil: the process's.
  /// - Returns: a socket with O_NONBLOCK and O_CLOEXEC.
  public static func listen(_ path: String, mode: UInt32, group: UInt32?, backlog: CInt = 128) throws(SystemCallError)
    -> OwnedDescriptor
  {
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    let listener = OwnedDescriptor(adopting: try systemCall("socket", on: path) { socket(AF_UNIX, type, 0) })
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = path.utf8.map { CChar(bitPattern: $0) }
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw SystemCallError(call: "bind", subject: path, code: ENAMETOOLONG)
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes.map { UInt8(bitPattern: $0) }) }
    _ = try listener.withRaw { raw throws(SystemCallError) in
      _ = try systemCall("bind", on: path) {
        unsafe withUnsafePointer(to: &address) { pointer in
          unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
          }
        }
      }
      do throws(SystemCallError) {
        if let group { _ = try systemCall("chown", on: path) { unsafe chown(path, uid_t.max, group) } }
        _ = try systemCall("chmod", on: path) { unsafe chmod(path, mode) }
        _ = try systemCall("listen", on: path) { Glibc.listen(raw, backlog) }
      } catch {
        _ = unsafe unlink(path)
        throw error
      }
    }
    return listener
  }

  /// Removes a socket's file; one that is gone is no error.
  public static func remove(_ path: String) { _ = unsafe unlink(path) }
}
