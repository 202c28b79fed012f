import CLinux

extension Interpreter {
  /// Opens a container path (O_PATH) with every symlink resolved inside the new root (CVE-2021-30465). nil when it does not exist.
  func resolve(_ path: String, _ flags: Int32 = Open.path, extra: UInt64 = 0) throws(CallError) -> Descriptor? {
    guard root >= 0 else { throw CallError("openat2", Errno.badDescriptor, "no root yet: " + path) }
    // EAGAIN: a rename somewhere in the tree raced with "..": the kernel asks to try again.
    var attempts = 0
    while true {
      let result = unsafe cl_openat2(
        root, path.isEmpty ? "/" : path, UInt64(flags | Open.closeOnExec), 0, Resolve.inRoot | Resolve.noMagicLinks | extra)
      if result == -Errno.noEntry { return nil }
      if result == -Errno.again, attempts < 64 {
        attempts += 1
        continue
      }
      return Descriptor(adopting: try check(result, "openat2", path))
    }
  }

  /// Opens a container path, making what is missing: directories on the way, and at the end a directory or an empty file. A dangling
  /// symlink is followed inside the root, as `/etc/resolv.conf` of many images needs it.
  func makePath(_ path: String, directory: Bool, mode: UInt32 = 0o755) throws(CallError) -> Descriptor {
    if let existing = try resolve(path) { return existing }
    var pending = Array(path.split(separator: "/").reversed()).map { String($0) }
    var resolved: [String] = []
    var links = 0
    var current = try openResolved(resolved)
    while let name = pending.popLast() {
      if name == "." { continue }
      if name == ".." {
        _ = resolved.popLast()
        current = try openResolved(resolved)
        continue
      }
      let last = pending.isEmpty
      let next = try openOrMake(name, below: current.raw, directory: !last || directory, mode: last ? mode : 0o755, path)
      let kind = try Files.status(next.raw, path).mode & FileType.mask
      if kind == FileType.link {
        links += 1
        // What the text of a link of procfs says is not where it leads.
        if links > 40 || cl_fstatfs_type(next.raw) == Magic.procfs { throw CallError("openat2", Errno.loop, path) }
        let target = try readLink(next.raw, path)
        pending.append(contentsOf: target.split(separator: "/").reversed().map { String($0) })
        if target.utf8.first == UInt8(ascii: "/") {
          resolved = []
          current = try openResolved(resolved)
        }
        continue
      }
      resolved.append(name)
      current = next
    }
    return current
  }

  /// One path component, never followed out of `parent`; made when missing.
  private func openOrMake(_ name: String, below parent: Int32, directory: Bool, mode: UInt32, _ path: String) throws(CallError)
    -> Descriptor
  {
    let flags = UInt64(Open.path | Open.noFollow | Open.closeOnExec)
    let resolve = Resolve.beneath | Resolve.noMagicLinks
    let found = unsafe cl_openat2(parent, name, flags, 0, resolve)
    if found != -Errno.noEntry { return Descriptor(adopting: try check(found, "openat2", path)) }
    let made =
      directory
      ? unsafe cl_mkdirat(parent, name, mode) : unsafe cl_mknodat(parent, name, FileType.regular | 0o644, 0, 0)
    if made != -Errno.exists { try check(made, directory ? "mkdirat" : "mknodat", path) }
    return Descriptor(adopting: try check(unsafe cl_openat2(parent, name, flags, 0, resolve), "openat2", path))
  }

  /// A path whose components were seen to be no symlinks; stays in the root even if one became a symlink since.
  private func openResolved(_ components: [String]) throws(CallError) -> Descriptor {
    var path = "/"
    for component in components { path += component + "/" }
    guard let descriptor = try resolve(path) else { throw CallError("openat2", Errno.noEntry, path) }
    return descriptor
  }

  private func readLink(_ descriptor: Int32, _ path: String) throws(CallError) -> String {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = Int(try check(unsafe cl_readlinkat(descriptor, "", &bytes, 4096), "readlinkat", path))
    return String(decoding: bytes[0..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The directory of a container path (made when missing) and its last component.
  func makeParent(of path: String) throws(CallError) -> (Int32, String) {
    var components = path.split(separator: "/").map { String($0) }
    guard let name = components.popLast(), name != ".", name != ".." else { throw CallError("openat2", Errno.invalid, path) }
    var directory = "/"
    for component in components { directory += component + "/" }
    return (try makePath(directory, directory: true).release(), name)
  }
}
