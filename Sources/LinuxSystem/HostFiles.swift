import Glibc

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
    return FileFacts(buffer)
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

  /// Another size for a tmpfs that is mounted there; whoever has it mounted elsewhere sees it at once.
  /// - Returns: false: more is in it than that, and it stays as it was.
  public static func resizeTmpfs(at path: String, size: Int64) throws(SystemCallError) -> Bool {
    do {
      _ = try systemCall("mount", on: path) {
        unsafe mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT | MS_NOSUID | MS_NODEV), "size=\(size)")
      }
      return true
    } catch  where error.code == EINVAL {
      return false
    }
  }

  /// Gives what a descriptor is open on (a namespace) a name: a bind mount over the file `path`, which is made when nothing is there.
  public static func bind(_ descriptor: SharedDescriptor, at path: String) throws(SystemCallError) {
    try makeFile(path)
    _ = try descriptor.withRaw { raw throws(SystemCallError) in
      try systemCall("mount", on: path) { unsafe mount("/proc/self/fd/\(raw)", path, nil, UInt(MS_BIND), nil) }
    }
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

extension HostFiles {
  /// Whether two paths, links followed, lead to one file: st_dev and st_ino of stat(2).
  public static func isSame(_ path: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard unsafe stat(path, &first) == 0, unsafe stat(other, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// realpath(3); nil when there is nothing.
  public static func resolved(_ path: String) -> String? {
    guard let text = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }
}

/// getcwd(3); `/` when it was removed.
public func currentDirectory() -> String {
  var buffer = [CChar](repeating: 0, count: 4096)
  guard unsafe getcwd(&buffer, buffer.count) != nil else { return "/" }
  return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// access(2) X_OK of a regular file.
public func isExecutable(_ path: String) -> Bool {
  guard FileFacts.at(path, followsLink: true)?.kind == .file else { return false }
  return unsafe access(path, X_OK) == 0
}

/// geteuid(2).
public func currentUser() -> UInt32 { geteuid() }
