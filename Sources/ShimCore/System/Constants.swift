/// Numbers of the Linux user API that neither header set shows to Swift (asm-generic; the same on x86_64 and arm64 unless noted).
public enum Errno {
  public static let notPermitted: Int32 = 1
  public static let noEntry: Int32 = 2
  public static let noProcess: Int32 = 3
  public static let interrupted: Int32 = 4
  public static let inputOutput: Int32 = 5
  public static let execFormat: Int32 = 8
  public static let badDescriptor: Int32 = 9
  public static let noChild: Int32 = 10
  public static let again: Int32 = 11
  public static let access: Int32 = 13
  public static let busy: Int32 = 16
  public static let exists: Int32 = 17
  public static let notDirectory: Int32 = 20
  public static let invalid: Int32 = 22
  public static let notTerminal: Int32 = 25
  public static let notImplemented: Int32 = 38
  public static let loop: Int32 = 40
  public static let badMessage: Int32 = 74
  public static let timedOut: Int32 = 110
}

enum Open {
  static let readOnly: Int32 = 0
  static let writeOnly: Int32 = 1
  static let readWrite: Int32 = 2
  static let create: Int32 = 0o100
  static let exclusive: Int32 = 0o200
  static let noTerminal: Int32 = 0o400
  static let truncate: Int32 = 0o1000
  static let append: Int32 = 0o2000
  static let nonblocking: Int32 = 0o4000
  static let path: Int32 = 0o10000000
  static let closeOnExec: Int32 = 0o2000000
  #if arch(arm64)
    static let directory: Int32 = 0o40000
    static let noFollow: Int32 = 0o100000
  #else
    static let directory: Int32 = 0o200000
    static let noFollow: Int32 = 0o400000
  #endif
}

enum Resolve {
  static let noCrossDevice: UInt64 = 0x01
  static let noMagicLinks: UInt64 = 0x02
  static let noSymlinks: UInt64 = 0x04
  static let beneath: UInt64 = 0x08
  static let inRoot: UInt64 = 0x10
}

enum At {
  static let workingDirectory: Int32 = -100
  static let emptyPath: UInt32 = 0x1000
  static let recursive: UInt32 = 0x8000
  static let removeDirectory: Int32 = 0x200
}

public enum MountFlag {
  static let openTreeClone: UInt32 = 1
  static let openTreeCloseOnExec: UInt32 = 0o2000000
  /// MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
  static let moveBothEmpty: UInt32 = 0x04 | 0x40
  static let moveFromEmpty: UInt32 = 0x04
  static let configFlag: UInt32 = 0
  static let configString: UInt32 = 1
  static let configCreate: UInt32 = 6
  static let configReconfigure: UInt32 = 7
  public static let attributeReadOnly: UInt64 = 0x01
  public static let attributeNoSuid: UInt64 = 0x02
  public static let attributeNoDevices: UInt64 = 0x04
  public static let attributeNoExec: UInt64 = 0x08
  public static let flagRecursive: UInt64 = 0x4000
  public static let flagSlave: UInt64 = 1 << 19
  static let flagNoSuid: UInt64 = 2
  static let flagNoDevices: UInt64 = 4
  static let flagNoExec: UInt64 = 8
  static let detach: Int32 = 2
}

public enum FileType {
  static let mask: UInt32 = 0o170000
  static let socket: UInt32 = 0o140000
  static let link: UInt32 = 0o120000
  static let regular: UInt32 = 0o100000
  static let directory: UInt32 = 0o040000
  public static let character: UInt32 = 0o020000
  public static let pipe: UInt32 = 0o010000
}

enum Magic {
  static let procfs: Int64 = 0x9fa0
  static let devpts: Int64 = 0x1cd1
}

/// clone(2) flags that podshim itself looks at.
public enum Namespace {
  public static let mount: UInt32 = 0x0002_0000
  public static let pid: UInt32 = 0x2000_0000
  public static let user: UInt32 = 0x1000_0000
  public static let net: UInt32 = 0x4000_0000
  public static let ipc: UInt32 = 0x0800_0000
  public static let uts: UInt32 = 0x0400_0000
}

enum Prctl {
  static let setDumpable: Int32 = 4
  static let setKeepCapabilities: Int32 = 8
  static let dropBounding: Int32 = 24
  static let setChildSubreaper: Int32 = 36
  static let setNoNewPrivileges: Int32 = 38
  static let ambient: Int32 = 47
}

public enum Signal {
  public static let interrupt: Int32 = 2
  public static let kill: Int32 = 9
  public static let pipe: Int32 = 13
  public static let terminate: Int32 = 15
  public static let child: Int32 = 17
  public static let fileSize: Int32 = 25
  /// Bit of `signal` in a kernel signal mask.
  public static func bit(_ signal: Int32) -> UInt64 { 1 << UInt64(signal - 1) }
}
