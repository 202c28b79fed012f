import Glibc

/// What a path names, without following a final symlink unless asked.
public struct FileFacts: Equatable, Sendable {
  public enum Kind: Sendable { case directory, file, socket, characterDevice, blockDevice, symlink, fifo }
  public var kind: Kind
  /// Permission bits, set-id and sticky included.
  public var mode: UInt32
  public var uid: UInt32
  public var gid: UInt32
  /// Of the file system it is on.
  public var device: UInt64
  /// Bytes of a file's content; what a file system says of its directories means nothing.
  public var size: Int64
  /// Of its content; CLOCK_REALTIME nanoseconds.
  public var modified: Int64 = 0
}

/// Calls on paths of the host that Foundation lacks. All of them may block for as long as a file system does.
public enum HostFiles {
  /// nil when nothing is there. stat(2) or lstat(2).
  public static func facts(_ path: String, followsLink: Bool = true) throws(SystemCallError) -> FileFacts? {
    var buffer = stat()
    do {
      _ = try systemCall(followsLink ? "stat" : "lstat", on: path) {
        unsafe followsLink ? stat(path, &buffer) : lstat(path, &buffer)
      }
    } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return nil }
      throw error
    }
    let kind: FileFacts.Kind =
      switch buffer.st_mode & S_IFMT {
      case S_IFDIR: .directory
      case S_IFSOCK: .socket
      case S_IFCHR: .characterDevice
      case S_IFBLK: .blockDevice
      case S_IFLNK: .symlink
      case S_IFIFO: .fifo
      default: .file
      }
    return FileFacts(
      kind: kind, mode: buffer.st_mode & 0o7777, uid: buffer.st_uid, gid: buffer.st_gid, device: UInt64(buffer.st_dev),
      size: Int64(buffer.st_size),
      modified: Int64(buffer.st_mtim.tv_sec) * 1_000_000_000 + Int64(buffer.st_mtim.tv_nsec))
  }

  /// mkdir(2) with exactly this mode, whatever the umask; parents as needed with 0750. A directory that is there stays as it is.
  public static func makeDirectory(_ path: String, mode: UInt32) throws(SystemCallError) {
    if let facts = try facts(path) {
      if facts.kind == .directory { return }
      throw SystemCallError(call: "mkdir", subject: path, code: ENOTDIR)
    }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeDirectory(String(path[..<slash]), mode: 0o750) }
    do {
      _ = try systemCall("mkdir", on: path) { unsafe mkdir(path, mode) }
    } catch  where error.code == EEXIST {
      return
    }
    try changeMode(path, mode)
  }

  public static func changeMode(_ path: String, _ mode: UInt32) throws(SystemCallError) {
    _ = try systemCall("chmod", on: path) { unsafe chmod(path, mode) }
  }

  /// lchown(2): never follows a symlink. nil leaves an owner as it is.
  public static func changeOwner(_ path: String, uid: UInt32? = nil, gid: UInt32? = nil) throws(SystemCallError) {
    _ = try systemCall("lchown", on: path) { unsafe lchown(path, uid ?? .max, gid ?? .max) }
  }

  /// A tmpfs on a directory of the host: nosuid, nodev. `size` in bytes, nil: the kernel's default (half the memory).
  public static func mountTmpfs(at path: String, size: Int64?, mode: UInt32) throws(SystemCallError) {
    let options = "mode=\(String(mode, radix: 8))" + (size.map { ",size=\($0)" } ?? "")
    _ = try systemCall("mount", on: path) { unsafe mount("tmpfs", path, "tmpfs", UInt(MS_NOSUID | MS_NODEV), options) }
  }

  /// umount2(2) without following symlinks, detached: returns at once even when something is still open there. Not mounted: no effect.
  public static func unmount(_ path: String) throws(SystemCallError) {
    do {
      _ = try systemCall("umount2", on: path) { unsafe umount2(path, CInt(MNT_DETACH | UMOUNT_NOFOLLOW)) }
    } catch  where error.code == EINVAL || error.code == ENOENT {
      return
    }
  }
}

/// geteuid(2).
public func currentUser() -> UInt32 { geteuid() }
