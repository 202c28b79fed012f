import CLibArchive
import CLinux
import Glibc
import LinuxSystem
public import UnpackProtocol

/// Unpacks one layer tar into a directory in overlayfs form. Source: image-spec layer.md; kernel overlayfs.rst (whiteouts, opaque).
/// Changes the working directory of the process: for programs of one thread.
///
/// Opaque directories are only reported: their mark (trusted.overlay.opaque) takes CAP_SYS_ADMIN, which this code is not to have.
public struct LayerExtractor {
  public struct Limits: Sendable {
    public var entries: UInt64 = 2_000_000
    public var bytes: Int64 = 64 << 30
    public init() {}
  }

  private let directory: LayerDirectory
  private let limits: Limits
  private var bytes: Int64 = 0
  private var entries: UInt64 = 0
  private var opaque: Set<String> = []
  /// Directory times are set last: filling a directory changes them.
  private var directoryTimes: [(parts: [Substring], seconds: Int64, nanoseconds: Int64)] = []

  /// - Parameter root: a directory that nobody else writes to.
  public init(root: String, limits: Limits) throws(UnpackError) {
    do { directory = try LayerDirectory(root) } catch { throw UnpackError(.inputOutput, "cannot open the directory", cause: error) }
    self.limits = limits
  }

  /// Reads the tar from `input` to its end.
  public mutating func run(input: CInt, _ report: (UnpackMessage) -> Void) throws(UnpackError) -> UnpackMessage {
    let reader = try ArchiveReader.tar(input)
    while let entry = unsafe try reader.next() {
      entries += 1
      guard entries <= limits.entries else { throw UnpackError(.tooLarge, "more than \(limits.entries) entries") }
      guard let raw = unsafe archive_entry_pathname(entry) else {
        throw UnpackError(.invalidArchive, "an entry's name is not valid text")
      }
      let path = unsafe String(cString: raw)
      guard path.utf8.count < 4096 else {  // PATH_MAX
        throw UnpackError(.invalidArchive, "entry '\(path.prefix(80))...' has a path of \(path.utf8.count) bytes")
      }
      do {
        unsafe try extract(entry, path: path, reader)
      } catch let error as UnpackError {
        throw error
      } catch {
        throw UnpackError(.inputOutput, "cannot unpack '\(path)'", cause: error as? SystemCallError)
      }
    }
    for (parts, seconds, nanoseconds) in directoryTimes.reversed() {
      guard let parent = try? directory.parent(of: parts), let last = parts.last else { continue }
      parent.withRaw { raw in _ = unsafe cl_set_times(raw, String(last), seconds, nanoseconds) }
    }
    drain(input)
    for path in opaque.sorted() { report(.opaque(path: path)) }
    return .done(entries: entries, bytes: UInt64(bytes))
  }

  /// What the tar reader left, padding after the end marker, counts in the digest of the layer: whoever sends it sends it to the end.
  private func drain(_ input: CInt) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while unsafe read(input, &buffer, buffer.count) > 0 {}
  }

  private mutating func extract(_ entry: OpaquePointer, path: String, _ reader: ArchiveReader) throws {
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !parts.contains("..") else { throw UnpackError(.invalidArchive, "entry '\(path)' leads out of the layer") }
    guard let last = parts.last.map(String.init) else { return }  // the root itself
    guard last.utf8.count <= 255 else {
      throw UnpackError(.invalidArchive, "entry '\(path.prefix(80))...' has too long a name")
    }
    let parent = try directory.parent(of: parts)
    if last.hasPrefix(".wh.") { return try whiteout(parts, in: parent, path) }

    if let target = unsafe archive_entry_hardlink(entry) {
      return try hardLink(to: unsafe String(cString: target), parts, in: parent, path)
    }
    let kind = unsafe archive_entry_filetype(entry)
    let inLayer = parts.joined(separator: "/")
    let replacesWhiteout = try clear(parts, in: parent, keepDirectory: kind == S_IFDIR, path)
    let mode = unsafe archive_entry_perm(entry)
    switch kind {
    case S_IFREG: unsafe try regularFile(entry, last, in: parent, path, reader)
    case S_IFDIR:
      _ = try parent.withRaw { raw throws(SystemCallError) in
        try systemCall("mkdirat", on: path) { unsafe mkdirat(raw, last, 0o700) == 0 || errno == EEXIST ? 0 : -1 }
      }
      // The lower directory is gone, this is a new one: nothing of the old one shows through.
      if replacesWhiteout { opaque.insert(inLayer) }
    case S_IFLNK:
      guard let target = unsafe archive_entry_symlink(entry) else {
        throw UnpackError(.invalidArchive, "symbolic link '\(path)' has no target")
      }
      _ = try parent.withRaw { raw throws(SystemCallError) in
        try systemCall("symlinkat", on: path) { unsafe symlinkat(target, raw, last) }
      }
    case S_IFCHR, S_IFBLK, S_IFIFO:
      let (major, minor) = unsafe (UInt32(archive_entry_rdevmajor(entry)), UInt32(archive_entry_rdevminor(entry)))
      // A character device 0:0 would be a whiteout that the archive smuggled in.
      if kind == S_IFCHR, major == 0, minor == 0 { throw UnpackError(.invalidArchive, "device 0:0 at '\(path)'") }
      _ = try parent.withRaw { raw throws(SystemCallError) in
        try kernelCall("mknodat", on: path) { unsafe cl_mknodat(raw, last, kind | mode, major, minor) }
      }
    default: throw UnpackError(.invalidArchive, "'\(path)' is of a kind that has no place in a layer")
    }
    unsafe try attributes(entry, kind: kind, mode: mode, last, in: parent, path)
    if kind == S_IFDIR {
      unsafe directoryTimes.append((parts, Int64(archive_entry_mtime(entry)), Int64(archive_entry_mtime_nsec(entry))))
    }
  }

  // MARK: Kinds

  private mutating func regularFile(
    _ entry: OpaquePointer, _ last: String, in parent: SharedDescriptor, _ path: String, _ reader: ArchiveReader
  ) throws {
    let size = unsafe archive_entry_size(entry)
    guard size >= 0, size <= limits.bytes - bytes else {
      throw UnpackError(.tooLarge, "more than \(limits.bytes >> 30) GiB unpacked")
    }
    bytes += size
    let raw = try parent.withRaw { raw throws(SystemCallError) in
      try systemCall("openat", on: path) {
        unsafe openat(raw, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      }
    }
    let file = OwnedDescriptor(adopting: raw)
    try file.withRaw { raw throws(UnpackError) in
      // Holes of sparse files stay holes.
      try reader.check(unsafe archive_read_data_into_fd(reader.pointer, raw), "cannot unpack '\(path)'")
    }
  }

  private mutating func hardLink(to target: String, _ parts: [Substring], in parent: SharedDescriptor, _ path: String) throws {
    let targetParts = target.split(separator: "/").filter { $0 != "." }
    guard let targetLast = targetParts.last, let last = parts.last, !targetParts.contains("..") else {
      throw UnpackError(.invalidArchive, "hard link '\(path)' points out of the layer ('\(target)')")
    }
    do {
      let above = try directory.existing(targetParts.dropLast().joined(separator: "/"))
      guard try kind(of: String(targetLast), in: above) != nil, targetParts != parts else {
        throw SystemCallError(call: "linkat", subject: target, code: ENOENT)
      }
      try clear(parts, in: parent, keepDirectory: false, path)
      _ = try above.withRaw { above throws(SystemCallError) in
        try parent.withRaw { parent throws(SystemCallError) in
          // Without AT_SYMLINK_FOLLOW: a link is linked itself.
          try systemCall("linkat", on: path) { unsafe linkat(above, String(targetLast), parent, String(last), 0) }
        }
      }
    } catch let error as SystemCallError {
      throw UnpackError(
        .invalidArchive, "hard link '\(path)' points to '\(target)', which is not a file of this layer", cause: error)
    }
  }

  /// `.wh.NAME` hides NAME of lower layers; `.wh..wh..opq` hides everything a lower layer has in this directory.
  private mutating func whiteout(_ parts: [Substring], in parent: SharedDescriptor, _ path: String) throws {
    let above = parts.dropLast()
    let name = parts.last ?? ""
    if name == ".wh..wh..opq" {
      opaque.insert(above.joined(separator: "/"))
      return
    }
    let hidden = String(name.dropFirst(4))
    guard !hidden.isEmpty, hidden != ".", hidden != ".." else {
      throw UnpackError(.invalidArchive, "whiteout '\(path)' names nothing")
    }
    if hidden.hasPrefix(".wh.") { return }  // other reserved names of aufs mean nothing here
    // A whiteout hides what lower layers have, never what this layer has.
    switch try kind(of: hidden, in: parent) {
    case nil: break
    case S_IFDIR:
      opaque.insert((above + [Substring(hidden)]).joined(separator: "/"))
      return
    default: return  // a file, or the whiteout itself: the lower one is hidden by it
    }
    _ = try parent.withRaw { raw throws(SystemCallError) in
      try kernelCall("mknodat", on: path) { unsafe cl_mknodat(raw, hidden, S_IFCHR, 0, 0) }
    }
  }

  /// nil when there is nothing of that name.
  private func kind(of name: String, in parent: SharedDescriptor) throws(SystemCallError) -> UInt32? {
    var status = stat()
    let found = parent.withRaw { raw in unsafe fstatat(raw, name, &status, AT_SYMLINK_NOFOLLOW) }
    return found == 0 ? status.st_mode & S_IFMT : nil
  }

  /// A later entry replaces an earlier one of the same name; a directory stays when the new entry is one too.
  /// - Returns: whether a whiteout was there.
  @discardableResult
  private mutating func clear(
    _ parts: [Substring], in parent: SharedDescriptor, keepDirectory: Bool, _ path: String
  ) throws(SystemCallError) -> Bool {
    guard let last = parts.last.map(String.init), let kind = try kind(of: last, in: parent) else { return false }
    if kind == S_IFDIR, keepDirectory { return false }
    // A name that led to a directory leads elsewhere now; through a link, several may.
    if kind == S_IFDIR || kind == S_IFLNK { directory.forgetCache() }
    if kind == S_IFDIR {
      let gone = parts.joined(separator: "/")
      opaque = opaque.filter { $0 != gone && !$0.hasPrefix(gone + "/") }
      try enter(parent, path)
      try removeTree(last)
    } else {
      _ = try parent.withRaw { raw throws(SystemCallError) in
        try systemCall("unlinkat", on: path) { unsafe unlinkat(raw, last, 0) }
      }
    }
    return kind == S_IFCHR
  }

  private func enter(_ parent: SharedDescriptor, _ path: String) throws(SystemCallError) {
    _ = try parent.withRaw { raw throws(SystemCallError) in try systemCall("fchdir", on: path) { fchdir(raw) } }
  }

  // MARK: Attributes

  private func attributes(
    _ entry: OpaquePointer, kind: UInt32, mode: UInt32, _ last: String, in parent: SharedDescriptor, _ path: String
  ) throws {
    let (uid, gid) = unsafe (
      UInt32(truncatingIfNeeded: archive_entry_uid(entry)), UInt32(truncatingIfNeeded: archive_entry_gid(entry))
    )
    try parent.withRaw { raw throws(SystemCallError) in
      _ = try systemCall("fchownat", on: path) { unsafe fchownat(raw, last, uid, gid, AT_SYMLINK_NOFOLLOW) }
      // After the owner: chown clears set-id bits.
      if kind != S_IFLNK { _ = try systemCall("fchmodat", on: path) { unsafe fchmodat(raw, last, mode, 0) } }
    }
    unsafe try extendedAttributes(entry, last, in: parent, path)
    try parent.withRaw { raw throws(SystemCallError) in
      if kind != S_IFDIR {
        _ = try kernelCall("utimensat", on: path) {
          unsafe cl_set_times(raw, last, Int64(archive_entry_mtime(entry)), Int64(archive_entry_mtime_nsec(entry)))
        }
      }
    }
  }

  /// Capabilities and user attributes; the overlay's own (trusted.overlay.*) are ours to set, never an archive's.
  private func extendedAttributes(
    _ entry: OpaquePointer, _ last: String, in parent: SharedDescriptor, _ path: String
  ) throws(SystemCallError) {
    guard unsafe archive_entry_xattr_reset(entry) > 0 else { return }
    try enter(parent, path)
    var attribute: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while unsafe archive_entry_xattr_next(entry, &attribute, &value, &size) == ARCHIVE_OK {
      guard let attribute = unsafe attribute else { continue }
      let text = unsafe String(cString: attribute)
      guard text == "security.capability" || text.hasPrefix("user.") else { continue }
      do throws(SystemCallError) {
        _ = try kernelCall("lsetxattr(\(text))", on: path) { unsafe cl_lsetxattr_here(last, text, value, size) }
      } catch {
        // user.* cannot be on devices and links; tmpfs may lack it altogether.
        if text == "security.capability" || error.code != EPERM && error.code != EOPNOTSUPP { throw error }
      }
    }
  }
}
