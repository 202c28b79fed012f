import Glibc

/// Files and directories of kernel file systems such as cgroup2, where a write is a command and rmdir destroys an object.
public enum ControlFile {
  /// Gives the kernel the whole text in one write(2). The file must exist: nothing is created or truncated.
  public static func write(_ path: String, _ text: String) throws(SystemCallError) {
    let file = OwnedDescriptor(adopting: try systemCall("open", on: path) { unsafe open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) })
    let bytes = Array(text.utf8)
    let count = try file.withRaw { raw throws(SystemCallError) in
      try systemCall("write", on: "\(path) \"\(text)\"") { unsafe Glibc.write(raw, bytes, bytes.count) }
    }
    // The kernel took part of a command: which part cannot be known.
    if count != bytes.count { throw SystemCallError(call: "write", subject: "\(path) \"\(text)\"", code: EIO) }
  }

  /// mkdir(2) with mode 0755. False when something of that name is there already.
  public static func createDirectory(_ path: String) throws(SystemCallError) -> Bool {
    do {
      _ = try systemCall("mkdir", on: path) { unsafe mkdir(path, 0o755) }
      return true
    } catch  where error.code == EEXIST {
      return false
    }
  }

  /// rmdir(2).
  public static func removeDirectory(_ path: String) throws(SystemCallError) {
    _ = try systemCall("rmdir", on: path) { unsafe rmdir(path) }
  }

  /// O_RDONLY|O_DIRECTORY, as CLONE_INTO_CGROUP and BPF_PROG_ATTACH want it.
  public static func openDirectory(_ path: String) throws(SystemCallError) -> SharedDescriptor {
    SharedDescriptor(
      OwnedDescriptor(
        adopting: try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) }))
  }

  /// Names of the directories in a directory, by the type readdir(3) reports (kernel file systems always do); empty when it does not
  /// exist.
  public static func subdirectories(of path: String) throws(SystemCallError) -> [String] {
    guard let stream = unsafe opendir(path) else {
      let code = errno
      if code == ENOENT { return [] }
      throw SystemCallError(call: "opendir", subject: path, code: code)
    }
    defer { unsafe closedir(stream) }
    var result: [String] = []
    while let entry = unsafe readdir(stream) {
      guard unsafe entry.pointee.d_type == UInt8(DT_DIR) else { continue }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { result.append(name) }
    }
    return result
  }
}
