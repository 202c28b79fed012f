import Glibc

/// What a path names.
public struct FileFacts: Equatable, Sendable {
  public enum Kind: Sendable { case directory, file, socket, characterDevice, blockDevice, symlink, fifo }
  public var kind: Kind
  /// Permission bits, set-id and sticky included.
  public var mode: UInt32
  public var uid: UInt32
  public var gid: UInt32
  /// Names it has.
  public var links: Int
  /// Of the file system it is on.
  public var device: UInt64
  /// Of a device: which one.
  public var major: UInt32
  public var minor: UInt32
  /// Bytes of a file's content; what a file system says of its directories means nothing.
  public var size: Int64
  /// Of its content; CLOCK_REALTIME nanoseconds.
  public var modified: Int64

  /// nil when nothing is there, or it cannot be reached.
  public static func at(_ path: String, followsLink: Bool = false) -> FileFacts? {
    (try? HostFiles.facts(path, followsLink: followsLink)) ?? nil
  }

  init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFDIR: .directory
      case S_IFSOCK: .socket
      case S_IFCHR: .characterDevice
      case S_IFBLK: .blockDevice
      case S_IFLNK: .symlink
      case S_IFIFO: .fifo
      default: .file
      }
    (mode, uid, gid, links) = (status.st_mode & 0o7777, status.st_uid, status.st_gid, Int(status.st_nlink))
    (device, size) = (UInt64(status.st_dev), Int64(status.st_size))
    // makedev(3) of glibc.
    let number = UInt64(status.st_rdev)
    major = UInt32((number >> 8) & 0xfff) | UInt32((number >> 32) & ~0xfff)
    minor = UInt32(number & 0xff) | UInt32((number >> 12) & 0xffff_ff00)
    modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
  }
}
