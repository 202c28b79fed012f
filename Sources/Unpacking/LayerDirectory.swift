import CLinux
import Glibc
import LinuxSystem

/// A directory being filled from an archive nobody trusts. Every path is resolved by the kernel below the directory
/// (openat2 RESOLVE_IN_ROOT): links and `..` in the archive cannot lead out of it.
final class LayerDirectory {
  private let root: SharedDescriptor
  /// The parent of the last entry: archives list a directory's files together.
  private var cached: (path: String, descriptor: SharedDescriptor)?

  // struct open_how: O_PATH | O_DIRECTORY | O_CLOEXEC; RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
  private static let openPath: UInt64 = 0o10000000
  private static let resolve: UInt64 = 0x10 | 0x02

  init(_ path: String) throws(SystemCallError) {
    root = SharedDescriptor(
      OwnedDescriptor(
        adopting: try systemCall("open", on: path) { unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) }))
  }

  /// The directory an entry goes into, made (0755) when the archive did not list it.
  func parent(of parts: [Substring]) throws(SystemCallError) -> SharedDescriptor {
    let path = parts.dropLast().joined(separator: "/")
    if path.isEmpty { return root }
    if let cached, cached.path == path { return cached.descriptor }
    let descriptor = try directory(Array(parts.dropLast()), path)
    cached = (path, descriptor)
    return descriptor
  }

  private func directory(_ parts: [Substring], _ path: String) throws(SystemCallError) -> SharedDescriptor {
    do {
      return try existing(path)
    } catch {
      guard error.code == ENOENT, let last = parts.last else { throw error }
      let above = try parent(of: parts)
      _ = try above.withRaw { raw throws(SystemCallError) in
        try systemCall("mkdirat", on: path) { unsafe mkdirat(raw, String(last), 0o755) }
      }
      return try existing(path)
    }
  }

  /// A directory that is there, by path; empty: the root.
  func existing(_ path: String) throws(SystemCallError) -> SharedDescriptor {
    if path.isEmpty { return root }
    let raw = try root.withRaw { raw throws(SystemCallError) in
      try kernelCall("openat2", on: path) {
        unsafe cl_openat2(raw, path, Self.openPath | UInt64(O_DIRECTORY | O_CLOEXEC), 0, Self.resolve)
      }
    }
    return SharedDescriptor(OwnedDescriptor(adopting: raw))
  }

  /// After directories changed names or vanished.
  func forgetCache() { cached = nil }
}
