import Glibc

/// How large and how full a file system is. Source: statvfs(3).
public struct FileSystemFacts: Equatable, Sendable {
  /// Bytes.
  public var size: UInt64
  /// Bytes that are left for those without privilege.
  public var available: UInt64
  public var inodes: UInt64
  public var freeInodes: UInt64
  public var major: UInt32
  public var minor: UInt32
  /// The name of its disk or partition below /dev, else `MAJOR:MINOR`.
  public var device: String

  public init(
    size: UInt64 = 0, available: UInt64 = 0, inodes: UInt64 = 0, freeInodes: UInt64 = 0, major: UInt32 = 0, minor: UInt32 = 0,
    device: String = ""
  ) {
    self.size = size
    self.available = available
    self.inodes = inodes
    self.freeInodes = freeInodes
    (self.major, self.minor) = (major, minor)
    self.device = device
  }

  /// Of the file system `path` is on.
  public static func at(_ path: String) throws(SystemCallError) -> FileSystemFacts {
    var facts = statvfs()
    _ = try systemCall("statvfs", on: path) { unsafe statvfs(path, &facts) }
    var status = stat()
    _ = try systemCall("stat", on: path) { unsafe stat(path, &status) }
    let number = UInt64(status.st_dev)
    // makedev(3) of glibc.
    let major = UInt32((number >> 8) & 0xfff) | UInt32((number >> 32) & ~0xfff)
    let minor = UInt32(number & 0xff) | UInt32((number >> 12) & 0xffff_ff00)
    return FileSystemFacts(
      size: UInt64(facts.f_blocks) * UInt64(facts.f_frsize), available: UInt64(facts.f_bavail) * UInt64(facts.f_frsize),
      inodes: UInt64(facts.f_files), freeInodes: UInt64(facts.f_ffree), major: major, minor: minor,
      device: deviceName(major, minor))
  }

  /// `/dev/NAME` of a block device; `MAJOR:MINOR` of one that sysfs does not know, as those of file systems without a disk.
  public static func deviceName(_ major: UInt32, _ minor: UInt32) -> String {
    guard let link = try? HostFiles.linkTarget("/sys/dev/block/\(major):\(minor)"), let name = link.split(separator: "/").last
    else {
      return "\(major):\(minor)"
    }
    return "/dev/\(name)"
  }
}
