import CLibArchive
import CLinux
import Glibc
import LinuxSystem

/// Unpacks one layer tar into a directory in overlayfs form. Source: image-spec layer.md; kernel overlayfs.rst (whiteouts, opaque).
struct LayerExtractor {
  struct Limits {
    var entries = 2_000_000
    var bytes: Int64 = 64 << 30
  }

  let name: String
  let directory: LayerDirectory
  var limits = Limits()
  private(set) var bytes: Int64 = 0
  private(set) var inodes: Int64 = 0
  /// Directory times are set last: filling a directory changes them.
  private var directoryTimes: [(parts: [Substring], seconds: Int64, nanoseconds: Int64)] = []

  init(name: String, directory: LayerDirectory, limits: Limits = Limits()) {
    self.name = name
    self.directory = directory
    self.limits = limits
  }

  mutating func extract(_ reader: ArchiveReader) throws(ImageError) {
    while let entry = unsafe try reader.next() {
      inodes += 1
      guard inodes <= limits.entries else { throw ImageError(.tooLarge, "\(name): more than \(limits.entries) entries") }
      guard let raw = unsafe archive_entry_pathname(entry) else {
        throw ImageError(.invalidArchive, "\(name): an entry's name is not valid text")
      }
      let path = unsafe String(cString: raw)
      guard path.utf8.count < 4096 else {  // PATH_MAX
        throw ImageError(.invalidArchive, "\(name): entry '\(path.prefix(80))...' has a path of \(path.utf8.count) bytes")
      }
      do {
        unsafe try extract(entry, path: path, reader)
      } catch let error as ImageError {
        throw error
      } catch {
        throw ImageError(.inputOutput, "\(name): cannot unpack '\(path)'", cause: error)
      }
    }
    for (parts, seconds, nanoseconds) in directoryTimes.reversed() {
      guard let parent = try? directory.parent(of: parts), let last = parts.last else { continue }
      parent.withRaw { raw in _ = unsafe cl_set_times(raw, String(last), seconds, nanoseconds) }
    }
  }

  private mutating func extract(_ entry: OpaquePointer, path: String, _ reader: ArchiveReader) throws {
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !parts.contains("..") else { throw ImageError(.invalidArchive, "\(name): entry '\(path)' leads out of the layer") }
    guard let last = parts.last.map(String.init) else { return }  // the root itself
    guard last.utf8.count <= 255 else {
      throw ImageError(.invalidArchive, "\(name): entry '\(path.prefix(80))...' has too long a name")
    }
    let parent = try directory.parent(of: parts)
    if last.hasPrefix(".wh.") { return try whiteout(last, in: parent, path) }

    if let target = unsafe archive_entry_hardlink(entry) {
      return try hardLink(to: unsafe String(cString: target), last, in: parent, path)
    }
    let kind = unsafe archive_entry_filetype(entry)
    let replacesWhiteout = try clear(last, in: parent, keepDirectory: kind == S_IFDIR, path)
    let mode = unsafe archive_entry_perm(entry)
    switch kind {
    case S_IFREG: unsafe try regularFile(entry, last, in: parent, path, reader)
    case S_IFDIR:
      _ = try parent.withRaw { raw throws(SystemCallError) in
        try systemCall("mkdirat", on: path) { unsafe mkdirat(raw, last, 0o700) == 0 || errno == EEXIST ? 0 : -1 }
      }
      // The lower directory is gone, this is a new one: nothing of the old one shows through.
      if replacesWhiteout { try setOpaque(last, in: parent, path) }
    case S_IFLNK:
      guard let target = unsafe archive_entry_symlink(entry) else {
        throw ImageError(.invalidArchive, "\(name): symbolic link '\(path)' has no target")
      }
      _ = try parent.withRaw { raw throws(SystemCallError) in
        try systemCall("symlinkat", on: path) { unsafe symlinkat(target, raw, last) }
      }
    case S_IFCHR, S_IFBLK, S_IFIFO:
      let (major, minor) = unsafe (UInt32(archive_entry_rdevmajor(entry)), UInt32(archive_entry_rdevminor(entry)))
      // A character device 0:0 would be a whiteout that the archive smuggled in.
      if kind == S_IFCHR, major == 0, minor == 0 { throw ImageError(.invalidArchive, "\(name): device 0:0 at '\(path)'") }
      _ = try parent.withRaw { raw throws(SystemCallError) in
        try kernelCall("mknodat", on: path) { unsafe cl_mknodat(raw, last, kind | mode, major, minor) }
      }
    default: throw ImageError(.invalidArchive, "\(name): '\(path)' is of a kind that has no place in a layer")
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
      throw ImageError(.tooLarge, "\(name): more than \(limits.bytes >> 30) GiB unpacked")
    }
    bytes += size
    let raw = try parent.withRaw { raw throws(SystemCallError) in
      try systemCall("openat", on: path) {
        unsafe openat(raw, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      }
    }
    let file = OwnedDescriptor(adopting: raw)
    try file.withRaw { raw throws(ImageError) in
      // Holes of sparse files stay holes.
      try reader.check(unsafe archive_read_data_into_fd(reader.pointer, raw), "cannot unpack '\(path)'")
    }
  }

  private func hardLink(to target: String, _ last: String, in parent: SharedDescriptor, _ path: String) throws {
    let parts = target.split(separator: "/").filter { $0 != "." }
    guard !parts.isEmpty, !parts.contains("..") else {
      throw ImageError(.invalidArchive, "\(name): hard link '\(path)' points out of the layer ('\(target)')")
    }
    let file: SharedDescriptor
    do {
      file = try directory.openTarget(parts.joined(separator: "/"))
    } catch {
      throw ImageError(
        .invalidArchive, "\(name): hard link '\(path)' points to '\(target)', which is not in this layer", cause: error)
    }
    try clear(last, in: parent, keepDirectory: false, path)
    _ = try file.withRaw { file throws(SystemCallError) in
      try parent.withRaw { parent throws(SystemCallError) in
        try kernelCall("linkat", on: path) { unsafe cl_link_descriptor(file, parent, last) }
      }
    }
  }

  /// `.wh.NAME` hides NAME of lower layers; `.wh..wh..opq` hides everything a lower layer has in this directory.
  private func whiteout(_ last: String, in parent: SharedDescriptor, _ path: String) throws {
    if last == ".wh..wh..opq" {
      return try setOpaque("", in: parent, path)
    }
    let hidden = String(last.dropFirst(4))
    guard !hidden.isEmpty, hidden != ".", hidden != ".." else {
      throw ImageError(.invalidArchive, "\(name): whiteout '\(path)' names nothing")
    }
    if hidden.hasPrefix(".wh.") { return }  // other reserved names of aufs mean nothing here
    // A whiteout hides what lower layers have, never what this layer has.
    switch try kind(of: hidden, in: parent) {
    case nil: break
    case S_IFDIR: return try setOpaque(hidden, in: parent, path)
    default: return  // a file, or the whiteout itself: the lower one is hidden by it
    }
    _ = try parent.withRaw { raw throws(SystemCallError) in
      try kernelCall("mknodat", on: path) { unsafe cl_mknodat(raw, hidden, S_IFCHR, 0, 0) }
    }
  }

  /// Hides everything a lower layer has in a directory; the parent itself when the name is empty.
  private func setOpaque(_ name: String, in parent: SharedDescriptor, _ path: String) throws {
    _ = try parent.withRaw { raw throws(SystemCallError) in
      try kernelCall("lsetxattr(trusted.overlay.opaque)", on: path) {
        unsafe cl_lsetxattrat(raw, name, "trusted.overlay.opaque", "y", 1)
      }
    }
  }

  /// nil when there is nothing of that name.
  private func kind(of name: String, in parent: SharedDescriptor) throws -> UInt32? {
    var status = stat()
    let found = parent.withRaw { raw in unsafe fstatat(raw, name, &status, AT_SYMLINK_NOFOLLOW) }
    return found == 0 ? status.st_mode & S_IFMT : nil
  }

  /// A later entry replaces an earlier one of the same name; a directory stays when the new entry is one too.
  /// - Returns: whether a whiteout was there.
  @discardableResult
  private func clear(_ last: String, in parent: SharedDescriptor, keepDirectory: Bool, _ path: String) throws -> Bool {
    guard let kind = try kind(of: last, in: parent) else { return false }
    if kind == S_IFDIR, keepDirectory { return false }
    // A name that led to a directory leads elsewhere now; through a link, several may.
    if kind == S_IFDIR || kind == S_IFLNK { directory.forgetCache() }
    if kind == S_IFDIR {
      try parent.withRaw { raw throws(SystemCallError) in try removeTree("/proc/self/fd/\(raw)/./\(last)") }
    } else {
      _ = try parent.withRaw { raw throws(SystemCallError) in
        try systemCall("unlinkat", on: path) { unsafe unlinkat(raw, last, 0) }
      }
    }
    return kind == S_IFCHR
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
      unsafe try extendedAttributes(entry, last, raw, path)
      if kind != S_IFDIR {
        _ = try kernelCall("utimensat", on: path) {
          unsafe cl_set_times(raw, last, Int64(archive_entry_mtime(entry)), Int64(archive_entry_mtime_nsec(entry)))
        }
      }
    }
  }

  /// Capabilities and user attributes; the overlay's own (trusted.overlay.*) are ours to set, never an archive's.
  private func extendedAttributes(_ entry: OpaquePointer, _ last: String, _ parent: CInt, _ path: String) throws(SystemCallError) {
    guard unsafe archive_entry_xattr_reset(entry) > 0 else { return }
    var attribute: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while unsafe archive_entry_xattr_next(entry, &attribute, &value, &size) == ARCHIVE_OK {
      guard let attribute = unsafe attribute else { continue }
      let text = unsafe String(cString: attribute)
      guard text == "security.capability" || text.hasPrefix("user.") else { continue }
      do throws(SystemCallError) {
        _ = try kernelCall("lsetxattr(\(text))", on: path) { unsafe cl_lsetxattrat(parent, last, text, value, size) }
      } catch {
        // user.* cannot be on devices and links; tmpfs may lack it altogether.
        if text == "security.capability" || error.code != EPERM && error.code != EOPNOTSUPP { throw error }
      }
    }
  }
}
