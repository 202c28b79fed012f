import CLinux
import Glibc

/// A directory that is reached without any link from a trusted one, and regular files in it, by name. Whoever else may write into it (a pod
/// that has the node's logs mounted) cannot lead the agent anywhere else: neither the way nor a name is ever followed.
public struct PlainDirectory: Sendable {
  private let descriptor: SharedDescriptor
  private let path: String
  /// RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH
  private static let resolve: UInt64 = 0x02 | 0x04 | 0x08

  /// - Parameter relative: below `root`, which may be a link itself.
  public init(_ relative: String, below root: String) throws(SystemCallError) {
    let full = "\(root)/\(relative)"
    let base = OwnedDescriptor(
      adopting: try systemCall("open", on: root) {
        unsafe Glibc.open(root, ConfinedDirectory.pathFlag | O_DIRECTORY | O_CLOEXEC)
      })
    let raw = try base.withRaw { raw throws(SystemCallError) in
      try kernelCall("openat2", on: full) {
        unsafe cl_openat2(raw, relative, UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0, Self.resolve)
      }
    }
    descriptor = SharedDescriptor(OwnedDescriptor(adopting: raw))
    path = full
  }

  public func names() throws(SystemCallError) -> [String] {
    try descriptor.withRaw { raw throws(SystemCallError) in try listDirectory("/proc/self/fd/\(raw)/.") }
  }

  /// nil: nothing has this name.
  public func facts(_ name: String) throws(SystemCallError) -> FileFacts? {
    try descriptor.withRaw { raw throws(SystemCallError) in try HostFiles.facts("/proc/self/fd/\(raw)/\(name)", followsLink: false)
    }
  }

  /// For reading. What is no regular file is refused.
  public func open(_ name: String) throws(SystemCallError) -> SharedDescriptor {
    let raw = try descriptor.withRaw { raw throws(SystemCallError) in
      try systemCall("openat", on: "\(path)/\(name)") {
        unsafe openat(raw, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      }
    }
    let file = SharedDescriptor(OwnedDescriptor(adopting: raw))
    guard try HostFiles.facts(of: file, path)?.kind == .file else {
      throw SystemCallError(call: "openat", subject: "\(path)/\(name), which is not a regular file", code: EINVAL)
    }
    return file
  }

  /// A new file, for writing.
  public func create(_ name: String, mode: UInt32) throws(SystemCallError) -> SharedDescriptor {
    let raw = try descriptor.withRaw { raw throws(SystemCallError) in
      try systemCall("openat", on: "\(path)/\(name)") {
        unsafe openat(raw, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
      }
    }
    return SharedDescriptor(OwnedDescriptor(adopting: raw))
  }

  /// - Throws: EEXIST where the other name is taken.
  public func rename(_ name: String, to other: String) throws(SystemCallError) {
    try descriptor.withRaw { raw throws(SystemCallError) in
      _ = try kernelCall("renameat2", on: "\(path)/\(name)") {
        unsafe cl_renameat2(raw, name, raw, other, 1 /* RENAME_NOREPLACE */)
      }
    }
  }

  /// Nothing there: no effect.
  public func remove(_ name: String) throws(SystemCallError) {
    do {
      try descriptor.withRaw { raw throws(SystemCallError) in
        _ = try systemCall("unlinkat", on: "\(path)/\(name)") { unsafe unlinkat(raw, name, 0) }
      }
    } catch  where error.code == ENOENT {
      return
    }
  }
}
