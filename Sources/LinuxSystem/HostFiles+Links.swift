import Glibc

extension HostFiles {
  /// readlink(2).
  public static func linkTarget(_ path: String) throws(SystemCallError) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = try systemCall("readlink", on: path) { unsafe readlink(path, &buffer, buffer.count) }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// symlink(2); what is at `path` and is a link itself is replaced.
  public static func link(_ target: String, at path: String) throws(SystemCallError) {
    if try facts(path, followsLink: false)?.kind == .symlink { _ = try systemCall("unlink", on: path) { unsafe unlink(path) } }
    _ = try systemCall("symlink", on: path) { unsafe symlink(target, path) }
  }

  /// rename(2).
  public static func rename(_ path: String, to other: String) throws(SystemCallError) {
    _ = try systemCall("rename", on: path) { unsafe Glibc.rename(path, other) }
  }

  /// unlink(2); nothing there is no error.
  public static func remove(_ path: String) throws(SystemCallError) {
    do { _ = try systemCall("unlink", on: path) { unsafe unlink(path) } } catch { if error.code != ENOENT { throw error } }
  }

  /// A new file (O_EXCL), 0600 less the umask.
  public static func write(_ content: [UInt8], to path: String) throws(SystemCallError) {
    let file = OwnedDescriptor(
      adopting: try systemCall("open", on: path) { unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600) })
    var rest = content[...]
    while !rest.isEmpty {
      let count = try file.withRaw { raw throws(SystemCallError) in
        try systemCall("write", on: path) { unsafe rest.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress, $0.count) } }
      }
      rest = rest.dropFirst(count)
    }
  }

  /// An empty file where nothing is.
  public static func makeFile(_ path: String) throws(SystemCallError) {
    if try facts(path, followsLink: false) == nil { try write([], to: path) }
  }
}
