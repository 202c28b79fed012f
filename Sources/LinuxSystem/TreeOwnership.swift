import CLinux
import Glibc

/// Gives a directory tree to a group while others may change it: each file is held by a descriptor and changed through it, so that a link
/// put in its place is never followed.
public enum TreeOwnership {
  /// Owner group, and more permissions for it: files rw, directories rwx and set-group. Symlinks get the group only. Other file systems
  /// mounted in the tree are left alone. What vanishes meanwhile is none of ours.
  public static func give(_ root: String, toGroup group: UInt32) throws(SystemCallError) {
    let raw = try systemCall("open", on: root) { unsafe open(root, ConfinedDirectory.pathFlag | O_NOFOLLOW | O_CLOEXEC) }
    let top = SharedDescriptor(OwnedDescriptor(adopting: raw))
    let device = try status(top, root).st_dev
    try give(top, root, group, device: device)
  }

  /// What is inside first: a tree whose root has the group has it everywhere, also after an interruption.
  private static func give(_ file: SharedDescriptor, _ path: String, _ group: UInt32, device: dev_t) throws(SystemCallError) {
    let status = try status(file, path)
    if status.st_dev != device { return }
    let isDirectory = status.st_mode & S_IFMT == S_IFDIR
    for name in isDirectory ? try listDirectory(file, path) : [] {
      let child = file.withRaw { raw in unsafe openat(raw, name, ConfinedDirectory.pathFlag | O_NOFOLLOW | O_CLOEXEC) }
      if child < 0 {
        let code = errno
        if code == ENOENT { continue }
        throw SystemCallError(call: "openat", subject: "\(path)/\(name)", code: code)
      }
      try give(SharedDescriptor(OwnedDescriptor(adopting: child)), "\(path)/\(name)", group, device: device)
    }
    try file.withRaw { raw throws(SystemCallError) in
      // AT_EMPTY_PATH
      _ = try systemCall("fchownat", on: path) { unsafe fchownat(raw, "", .max, group, 0x1000) }
    }
    if status.st_mode & S_IFMT == S_IFLNK { return }
    try ConfinedDirectory.changeMode(file, status.st_mode & 0o7777 | (isDirectory ? 0o2770 : 0o660), path)
  }

  private static func status(_ file: SharedDescriptor, _ path: String) throws(SystemCallError) -> stat {
    try file.withRaw { raw throws(SystemCallError) in
      var status = stat()
      _ = try systemCall("fstat", on: path) { unsafe fstat(raw, &status) }
      return status
    }
  }

  /// The directory is opened anew: an O_PATH descriptor cannot be read.
  static func listDirectory(_ file: SharedDescriptor, _ path: String) throws(SystemCallError) -> [String] {
    let raw = file.withRaw { raw in unsafe openat(raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    if raw < 0 {
      let code = errno
      throw SystemCallError(call: "openat", subject: path, code: code)
    }
    guard let stream = unsafe fdopendir(raw) else {
      let code = errno
      close(raw)
      throw SystemCallError(call: "fdopendir", subject: path, code: code)
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
