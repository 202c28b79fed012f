import ShimCore

/// Numbers of the kernel's interface that Glibc's module does not give Swift, those podshim needs too from where it has them.
/// Sources: linux/sched.h, linux/mount.h, linux/stat.h.
enum Kernel {
  static let newTime: UInt64 = 0x80
  static let newMount = UInt64(Namespace.mount)
  static let newCgroup: UInt64 = 0x200_0000
  static let newUTS = UInt64(Namespace.uts)
  static let newIPC = UInt64(Namespace.ipc)
  static let newUser = UInt64(Namespace.user)
  static let newPID = UInt64(Namespace.pid)
  static let newNetwork = UInt64(Namespace.net)

  static let recursive = MountFlag.flagRecursive
  static let unbindable: UInt64 = 1 << 17
  static let `private`: UInt64 = 1 << 18
  static let slave = MountFlag.flagSlave
  static let shared: UInt64 = 1 << 20

  static let attributeReadOnly = MountFlag.attributeReadOnly
  static let attributeNoSUID = MountFlag.attributeNoSuid
  static let attributeNoDevices = MountFlag.attributeNoDevices
  static let attributeNoExec = MountFlag.attributeNoExec
  static let attributeAccessTime: UInt64 = 0x70
  static let attributeNoAccessTime: UInt64 = 0x10
  static let attributeStrictAccessTime: UInt64 = 0x20
  static let attributeNoDirectoryAccessTime: UInt64 = 0x80
  static let attributeNoSymlinkFollow: UInt64 = 0x20_0000

  static let characterDevice = FileType.character
  static let blockDevice: UInt32 = 0o060000
  static let fifo = FileType.pipe

  /// RLIMIT_ numbers of x86-64 and arm64.
  static let limits: [String: UInt32] = [
    "RLIMIT_CPU": 0, "RLIMIT_FSIZE": 1, "RLIMIT_DATA": 2, "RLIMIT_STACK": 3, "RLIMIT_CORE": 4, "RLIMIT_RSS": 5,
    "RLIMIT_NPROC": 6, "RLIMIT_NOFILE": 7, "RLIMIT_MEMLOCK": 8, "RLIMIT_AS": 9, "RLIMIT_LOCKS": 10, "RLIMIT_SIGPENDING": 11,
    "RLIMIT_MSGQUEUE": 12, "RLIMIT_NICE": 13, "RLIMIT_RTPRIO": 14, "RLIMIT_RTTIME": 15,
  ]
}
