import CLinux
import Glibc

/// mkdir -p: makes a directory with exactly this mode, whatever the umask, and its missing parents. An existing directory keeps its mode.
public func makeDirectory(_ path: String, mode: UInt32, parents: UInt32 = 0o755) throws(SystemCallError) {
  if unsafe mkdir(path, mode) == 0 {
    // mkdir applies the umask and drops the sticky bit on some paths: say it again.
    _ = try systemCall("chmod", on: path) { unsafe chmod(path, mode) }
    return
  }
  switch errno {
  case EEXIST:
    var status = stat()
    _ = try systemCall("stat", on: path) { unsafe stat(path, &status) }
    if status.st_mode & S_IFMT != S_IFDIR { throw SystemCallError(call: "mkdir", subject: path, code: ENOTDIR) }
  case ENOENT:
    guard let slash = path.dropLast().lastIndex(of: "/"), slash != path.startIndex else {
      throw SystemCallError(call: "mkdir", subject: path, code: ENOENT)
    }
    try makeDirectory(String(path[..<slash]), mode: parents, parents: parents)
    try makeDirectory(path, mode: mode, parents: parents)
  case let code: throw SystemCallError(call: "mkdir", subject: path, code: code)
  }
}

/// A directory that is root's alone, 0700 whatever mode it had; missing parents are made 0755.
public func makePrivateDirectory(_ path: String) throws(SystemCallError) {
  try makeDirectory(path, mode: 0o700)
  let directory = OwnedDescriptor(
    adopting: try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) })
  _ = try directory.withRaw { raw throws(SystemCallError) in try systemCall("fchmod", on: path) { fchmod(raw, 0o700) } }
}

/// Reads a whole file, at most `limit` bytes.
public func readFile(_ path: String, limit: Int = 16 << 20) throws(SystemCallError) -> String {
  let file = OwnedDescriptor(adopting: try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_CLOEXEC) })
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16384)
  while bytes.count < limit {
    let count = try file.withRaw { raw throws(SystemCallError) in
      try systemCall("read", on: path) { unsafe read(raw, &chunk, min(chunk.count, limit - bytes.count)) }
    }
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// Replaces a file's content in place (not atomically: for files nobody else reads yet).
public func writeFile(_ path: String, _ text: String, mode: UInt32 = 0o644) throws(SystemCallError) {
  let file = OwnedDescriptor(
    adopting: try systemCall("open", on: path) { unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode) })
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = try file.withRaw { raw throws(SystemCallError) in
      try systemCall("write", on: path) { unsafe rest.withUnsafeBytes { unsafe write(raw, $0.baseAddress, $0.count) } }
    }
    rest = rest.dropFirst(count)
  }
}

/// rm -rf that follows no symbolic link. Mount points inside make it fail (EBUSY) rather than empty somebody's volume: unmount first.
/// A path that is not there is no error.
public func removeTree(_ path: String) throws(SystemCallError) {
  let parent = try openDirectory(AT_FDCWD, directoryName(path))
  guard let parent else { return }
  try removeEntry(in: parent, name: baseName(path), path: path, depth: 0, TreeRemoval())
}

/// Names in a directory, without `.` and `..`; empty when it does not exist.
public func listDirectory(_ path: String) throws(SystemCallError) -> [String] {
  var names: [String] = []
  try eachName(in: path) { names.append($0) }
  return names
}

/// Calls `body` with each name in a directory, never holding all of them: a container makes as many files as it likes.
func eachName(in path: String, _ body: (String) -> Void) throws(SystemCallError) {
  guard let directory = try openDirectory(AT_FDCWD, path) else { return }
  try eachName(in: directory, path: path) { name in
    body(name)
    return true
  }
}

/// gethostname(2).
public func hostName() -> String {
  var buffer = [CChar](repeating: 0, count: 256)
  guard unsafe gethostname(&buffer, 255) == 0 else { return "localhost" }
  return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

private func openDirectory(_ base: CInt, _ name: String) throws(SystemCallError) -> SharedDescriptor? {
  let raw = unsafe openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
  if raw >= 0 { return SharedDescriptor(OwnedDescriptor(adopting: raw)) }
  let code = errno
  if code == ENOENT { return nil }
  throw SystemCallError(call: "openat", subject: name, code: code)
}

/// From the first name on, until `body` gives false.
private func eachName(in directory: SharedDescriptor, path: String, _ body: (String) -> Bool) throws(SystemCallError) {
  let copy = try directory.duplicate().release()
  guard let stream = unsafe fdopendir(copy) else {
    let code = errno
    close(copy)
    throw SystemCallError(call: "fdopendir", subject: path, code: code)
  }
  defer { unsafe closedir(stream) }
  unsafe rewinddir(stream)
  while true {
    // The end and a failure look alike but for errno: half a listing must not pass for a whole one.
    errno = 0
    guard let entry = unsafe readdir(stream) else {
      let code = errno
      if code != 0 { throw SystemCallError(call: "readdir", subject: path, code: code) }
      return
    }
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
      unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
    if name != ".", name != "..", !body(name) { return }
  }
}

/// A removal under way.
private final class TreeRemoval {
  /// The tree's own directory, and the file system it is on.
  var top: (directory: SharedDescriptor, device: dev_t)?
  /// Directories were moved up since the top was last listed.
  var moved = false

  /// A container makes its tree as deep as it likes. Below this level directories are moved up to the top instead of descended into:
  /// neither stack nor descriptors grow with the tree.
  static let deepest = 64
  /// Names held of one directory at a time: it is listed again when they are gone.
  static let batch = 1024
}

private func removeEntry(
  in parent: SharedDescriptor, name: String, path: String, depth: Int, _ removal: TreeRemoval
) throws(SystemCallError) {
  var (result, code) = parent.withRaw { raw in (unsafe unlinkat(raw, name, 0), errno) }
  if result != 0, code == EPERM, FixedFiles.release(name, in: parent) {
    (result, code) = parent.withRaw { raw in (unsafe unlinkat(raw, name, 0), errno) }
  }
  if result == 0 || code == ENOENT { return }
  guard code == EISDIR || code == EPERM else { throw SystemCallError(call: "unlinkat", subject: path, code: code) }
  if depth > TreeRemoval.deepest, let top = removal.top { return try moveUp(name, from: parent, path, to: top.directory, removal) }
  let opened = try parent.withRaw { raw throws(SystemCallError) in try openDirectory(raw, name) }
  guard let directory = opened else { return }
  var status = stat()
  _ = try directory.withRaw { raw throws(SystemCallError) in try systemCall("fstat", on: path) { unsafe fstat(raw, &status) } }
  // Another device means a mount point: what is below belongs to somebody else.
  if let top = removal.top, top.device != status.st_dev { throw SystemCallError(call: "unlinkat", subject: path, code: EBUSY) }
  if depth == 0 { removal.top = (directory, status.st_dev) }
  var children: [String] = []
  repeat {
    if depth == 0 { removal.moved = false }
    children.removeAll(keepingCapacity: true)
    try eachName(in: directory, path: path) { name in
      children.append(name)
      return children.count < TreeRemoval.batch
    }
    for child in children {
      try removeEntry(in: directory, name: child, path: "\(path)/\(child)", depth: depth + 1, removal)
    }
  } while children.count == TreeRemoval.batch || depth == 0 && removal.moved
  _ = try parent.withRaw { raw throws(SystemCallError) in
    try systemCall("unlinkat", on: path) { unsafe unlinkat(raw, name, AT_REMOVEDIR) }
  }
}

/// A mount point cannot be moved (EBUSY), and so is not emptied here either.
private func moveUp(
  _ name: String, from parent: SharedDescriptor, _ path: String, to top: SharedDescriptor, _ removal: TreeRemoval
) throws(SystemCallError) {
  let empty = parent.withRaw { raw in unsafe unlinkat(raw, name, AT_REMOVEDIR) == 0 }
  if empty { return }
  let target = "removing-\(UInt64.random(in: 0...UInt64.max))"
  _ = try parent.withRaw { from throws(SystemCallError) in
    try top.withRaw { to throws(SystemCallError) in
      try kernelCall("renameat2", on: path) { unsafe cl_renameat2(from, name, to, target, 1 /* RENAME_NOREPLACE */) }
    }
  }
  removal.moved = true
}

private func directoryName(_ path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

private func baseName(_ path: String) -> String {
  path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
}

/// Makes sure that a regular file is there and that only its owner may read it (0600). Its content stays.
public func makePrivateFile(_ path: String) throws(SystemCallError) {
  let file = OwnedDescriptor(
    adopting: try systemCall("open", on: path) { unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) })
  _ = try file.withRaw { raw throws(SystemCallError) in try systemCall("fchmod", on: path) { fchmod(raw, 0o600) } }
}

/// Puts a finished file in the place of another one: its content is on the disk before the name is (fsync, rename, fsync of the directory).
public func replaceFile(_ path: String, with finished: String) throws(SystemCallError) {
  try synchronize(finished)
  _ = try systemCall("rename", on: path) { unsafe rename(finished, path) }
  try synchronize(directoryName(path))
}

/// fsync(2) of a file or a directory.
private func synchronize(_ path: String) throws(SystemCallError) {
  let opened = OwnedDescriptor(adopting: try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_CLOEXEC) })
  _ = try opened.withRaw { raw throws(SystemCallError) in try systemCall("fsync", on: path) { fsync(raw) } }
}
