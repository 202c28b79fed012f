import CLinux
import Glibc

/// Copies files between this file system and a tree whose owner changes it meanwhile, a container's: each file is held by a descriptor, so
/// that nothing is read or written but regular files, and no link leads out of the tree.
public struct TreeCopy {
  /// Where a path is looked up.
  public enum Place: Sendable {
    case here
    /// Below a directory that is `/` for every path and link in it. Source: openat2(2), RESOLVE_IN_ROOT.
    case root(SharedDescriptor)

    /// The root of a process, with everything that is mounted there.
    public static func root(of pid: Int32) throws(SystemCallError) -> Place { try root("/proc/\(pid)/root") }

    /// A directory of this file system.
    public static func root(_ path: String) throws(SystemCallError) -> Place {
      .root(try TreeCopy.open(path, in: .here, ConfinedDirectory.pathFlag | O_DIRECTORY))
    }
  }

  /// Whether links are made anew, as they are; skipped otherwise.
  public var keepsLinks: Bool
  /// Of a file's mode: the bits that are kept.
  public var modeMask: UInt32
  /// Called with what is no file or directory, or a link that is not kept.
  public var onSkip: (String) -> Void

  public init(keepsLinks: Bool, modeMask: UInt32, onSkip: @escaping (String) -> Void) {
    (self.keepsLinks, self.modeMask, self.onSkip) = (keepsLinks, modeMask, onSkip)
  }

  /// Copies a file, or a directory with all that is in it. A target that is a directory gets it under its own name (of `path/.` what is in
  /// it); any other target is what it is called there. Files that are there are replaced, directories filled. Owned by the caller. Blocks.
  /// - Returns: bytes of the files.
  @discardableResult
  public func copy(
    _ source: String, in from: Place, to target: String, in to: Place
  ) throws(SystemCallError) -> UInt64 {
    let file = try Self.open(source, in: from)
    let components = source.split(separator: "/")
    let isContent = components.last.map { $0 == "." || $0 == ".." } ?? true
    if let directory = try Self.directory(target, in: to) {
      guard !isContent else { return try copyContent(file, source, into: try Self.reopened(directory, target)) }
      return try copy(file, source, into: directory, as: String(components[components.count - 1]))
    }
    var names = target.split(separator: "/")
    guard let name = names.popLast(), name != "..", name != "." else {
      throw SystemCallError(call: "open", subject: target, code: ENOENT)
    }
    let parent = (target.hasPrefix("/") ? "/" : "") + names.joined(separator: "/")
    let directory = try Self.open(parent.isEmpty ? "." : parent, in: to, ConfinedDirectory.pathFlag | O_DIRECTORY)
    return try copy(file, source, into: directory, as: String(name))
  }

  /// nil: there is none.
  private static func directory(_ path: String, in place: Place) throws(SystemCallError) -> SharedDescriptor? {
    do { return try open(path, in: place, ConfinedDirectory.pathFlag | O_DIRECTORY) } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return nil }
      throw error
    }
  }

  private static func open(
    _ path: String, in place: Place, _ flags: CInt = ConfinedDirectory.pathFlag
  ) throws(SystemCallError) -> SharedDescriptor {
    let raw: CInt
    switch place {
    case .here: raw = try systemCall("open", on: path) { unsafe Glibc.open(path, flags | O_CLOEXEC) }
    case .root(let root):
      raw = try root.withRaw { raw throws(SystemCallError) in
        try kernelCall("openat2", on: path) {
          // A rename anywhere while it goes through `..` is EAGAIN. openat2(2)
          for _ in 0..<100 {
            // RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
            let opened = unsafe cl_openat2(raw, path, UInt64(flags | O_CLOEXEC), 0, 0x10 | 0x02)
            if opened != -EAGAIN { return opened }
          }
          return -EAGAIN
        }
      }
    }
    return SharedDescriptor(OwnedDescriptor(adopting: raw))
  }

  // MARK: Files

  /// - Parameter file: opened with O_PATH.
  private func copy(
    _ file: SharedDescriptor, _ path: String, into directory: SharedDescriptor, as name: String
  ) throws(SystemCallError) -> UInt64 {
    // These would be the target's own directory, and the one above it.
    guard name != ".", name != "..", !name.isEmpty else { throw SystemCallError(call: "copy", subject: path, code: EINVAL) }
    let status = try Self.status(file, path)
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      let made = directory.withRaw { raw in unsafe mkdirat(raw, name, 0o700) == 0 }
      let target = try Self.child(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, path)
      let bytes = try copyContent(file, path, into: target)
      if made { try target.withRaw { raw throws(SystemCallError) in try Self.change(raw, status.st_mode & modeMask, path) } }
      return bytes
    case S_IFREG: return try copyBytes(file, status, path, into: directory, as: name)
    case S_IFLNK where keepsLinks: try copyLink(file, path, into: directory, as: name)
    default: onSkip(path)
    }
    return 0
  }

  private func copyContent(
    _ file: SharedDescriptor, _ path: String, into target: SharedDescriptor
  ) throws(SystemCallError) -> UInt64 {
    var bytes: UInt64 = 0
    for name in try TreeOwnership.listDirectory(file, path) {
      let child: SharedDescriptor
      do { child = try Self.child(file, name, ConfinedDirectory.pathFlag | O_NOFOLLOW, "\(path)/\(name)") } catch {
        // It went meanwhile.
        if error.code == ENOENT { continue }
        throw error
      }
      bytes += try copy(child, "\(path)/\(name)", into: target, as: name)
    }
    return bytes
  }

  private func copyBytes(
    _ file: SharedDescriptor, _ status: stat, _ path: String, into directory: SharedDescriptor, as name: String
  ) throws(SystemCallError) -> UInt64 {
    // The very file that was looked at.
    let source = try Self.reopened(file, path)
    // A new file each time: what is there may be a device, or a link to one. It takes the name when it is whole: what cannot be written
    // takes nothing away.
    let partial = ".swiftlet-cp-\(getpid())"
    _ = directory.withRaw { raw in unsafe unlinkat(raw, partial, 0) }
    let target = try Self.child(directory, partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, path)
    defer { _ = directory.withRaw { raw in unsafe unlinkat(raw, partial, 0) } }
    var left = UInt64(clamping: status.st_size)
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    // As long as it was: a file that grows has no end.
    while left > 0 {
      let count = try source.withRaw { raw throws(SystemCallError) in
        try systemCall("read", on: path) { unsafe read(raw, &buffer, min(buffer.count, Int(clamping: left))) }
      }
      if count == 0 { break }
      try target.withRaw { raw throws(SystemCallError) in
        var done = 0
        while done < count {
          done += try systemCall("write", on: "the copy of \(path)") {
            unsafe buffer.withUnsafeBytes { unsafe write(raw, $0.baseAddress! + done, count - done) }
          }
        }
      }
      left -= UInt64(count)
    }
    try target.withRaw { raw throws(SystemCallError) in try Self.change(raw, status.st_mode & modeMask, path) }
    try directory.withRaw { raw throws(SystemCallError) in
      _ = try systemCall("rename", on: "the copy of \(path)") { unsafe renameat(raw, partial, raw, name) }
    }
    return UInt64(clamping: status.st_size) - left
  }

  private func copyLink(
    _ file: SharedDescriptor, _ path: String, into directory: SharedDescriptor, as name: String
  ) throws(SystemCallError) {
    var text = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = try file.withRaw { raw throws(SystemCallError) in
      try systemCall("readlinkat", on: path) {
        unsafe text.withUnsafeMutableBytes { unsafe readlinkat(raw, "", $0.baseAddress!, $0.count) }
      }
    }
    let target = String(decoding: text.prefix(count), as: UTF8.self)
    try directory.withRaw { raw throws(SystemCallError) in
      _ = unsafe unlinkat(raw, name, 0)
      _ = try systemCall("symlinkat", on: path) { unsafe symlinkat(target, raw, name) }
    }
  }

  private static func child(
    _ directory: SharedDescriptor, _ name: String, _ flags: CInt, _ path: String
  ) throws(SystemCallError) -> SharedDescriptor {
    try directory.withRaw { raw throws(SystemCallError) in
      SharedDescriptor(
        OwnedDescriptor(adopting: try systemCall("openat", on: path) { unsafe openat(raw, name, flags | O_CLOEXEC, 0o600) }))
    }
  }

  /// For reading: one opened with O_PATH cannot be read.
  private static func reopened(_ file: SharedDescriptor, _ path: String) throws(SystemCallError) -> SharedDescriptor {
    try file.withRaw { raw throws(SystemCallError) in
      SharedDescriptor(
        OwnedDescriptor(
          adopting: try systemCall("open", on: path) { unsafe Glibc.open("/proc/self/fd/\(raw)", O_RDONLY | O_CLOEXEC) }))
    }
  }

  private static func change(_ raw: CInt, _ mode: UInt32, _ path: String) throws(SystemCallError) {
    _ = try systemCall("fchmod", on: "the copy of \(path)") { fchmod(raw, mode) }
  }

  private static func status(_ file: SharedDescriptor, _ path: String) throws(SystemCallError) -> stat {
    try file.withRaw { raw throws(SystemCallError) in
      var status = stat()
      _ = try systemCall("fstat", on: path) { unsafe fstat(raw, &status) }
      return status
    }
  }
}
