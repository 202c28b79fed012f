import CLinux
import Glibc

/// A directory whose content a stranger may change at any moment. Every path is resolved by the kernel below it (openat2(2), RESOLVE_BENEATH):
/// neither `..` nor a link that appears while the path is walked leads out.
public struct ConfinedDirectory: Sendable {
  private let root: SharedDescriptor
  private let path: String

  /// O_PATH, which Glibc's module lacks.
  static let pathFlag: CInt = 0o10000000
  private static let openPath = UInt64(pathFlag | O_CLOEXEC)
  /// RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS
  private static let resolve: UInt64 = 0x08 | 0x02
  /// A rename meanwhile makes the kernel give up (EAGAIN): it asks to try again.
  private static let tries = 100

  public init(_ path: String) throws(SystemCallError) {
    self.path = path
    root = SharedDescriptor(
      OwnedDescriptor(
        adopting: try systemCall("open", on: path) { unsafe Glibc.open(path, Self.pathFlag | O_DIRECTORY | O_CLOEXEC) }))
  }

  /// What a relative path names.
  /// - Throws: `SystemCallError` with EXDEV or ELOOP for a path that leads out, ENOENT for one that leads nowhere.
  public func open(_ relative: String) throws(SystemCallError) -> SharedDescriptor {
    let target = relative.isEmpty ? "." : relative
    var left = Self.tries
    while true {
      do {
        let raw = try root.withRaw { raw throws(SystemCallError) in
          try kernelCall("openat2", on: "\(target) below \(path)") {
            unsafe cl_openat2(raw, target, Self.openPath, 0, Self.resolve)
          }
        }
        return SharedDescriptor(OwnedDescriptor(adopting: raw))
      } catch {
        left -= 1
        if error.code != EAGAIN || left == 0 { throw error }
      }
    }
  }

  /// The same; what is missing is made, directories with the mode of this one.
  public func openMaking(_ relative: String) throws(SystemCallError) -> SharedDescriptor {
    var parts: [Substring] = []
    let mode = try Self.facts(root, path).mode
    for part in relative.split(separator: "/") where part != "." {
      let parent = parts.joined(separator: "/")
      parts.append(part)
      do {
        _ = try open(parts.joined(separator: "/"))
      } catch  where error.code == ENOENT {
        let directory = try open(parent)
        do {
          try directory.withRaw { raw throws(SystemCallError) in
            _ = try kernelCall("mkdirat", on: "\(parts.joined(separator: "/")) below \(path)") {
              unsafe cl_mkdirat(raw, String(part), 0o700)
            }
          }
          // mkdir(2) applies the umask; the set-group bit of the parent is inherited.
          try Self.changeMode(try open(parts.joined(separator: "/")), mode, parts.joined(separator: "/"))
        } catch  where error.code == EEXIST {
          continue
        }
      }
    }
    return try open(parts.joined(separator: "/"))
  }

  /// Of the file that a descriptor (O_PATH too) refers to.
  static func facts(_ descriptor: SharedDescriptor, _ path: String) throws(SystemCallError) -> FileFacts {
    guard let facts = try HostFiles.facts(of: descriptor, path) else {
      throw SystemCallError(call: "fstat", subject: path, code: EBADF)
    }
    return facts
  }

  /// chmod(2) through the descriptor's link in /proc: of exactly this file, wherever its name leads now.
  static func changeMode(_ descriptor: SharedDescriptor, _ mode: UInt32, _ path: String) throws(SystemCallError) {
    try descriptor.withRaw { raw throws(SystemCallError) in
      _ = try systemCall("chmod", on: path) { unsafe chmod("/proc/self/fd/\(raw)", mode) }
    }
  }
}

extension HostFiles {
  static func facts(of descriptor: SharedDescriptor, _ path: String) throws(SystemCallError) -> FileFacts? {
    try descriptor.withRaw { raw throws(SystemCallError) in try facts("/proc/self/fd/\(raw)") }
  }

  /// Whether a descriptor of a file that may be a symlink refers to a directory.
  public static func isDirectory(_ descriptor: SharedDescriptor) -> Bool {
    descriptor.withRaw { raw in
      var status = stat()
      return unsafe fstat(raw, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
  }

  /// Binds what a descriptor refers to, with the mounts below it, onto a path: open_tree(2) and move_mount(2), so that no name is looked up.
  public static func bind(_ descriptor: SharedDescriptor, to path: String) throws(SystemCallError) {
    let tree = OwnedDescriptor(
      adopting: try descriptor.withRaw { raw throws(SystemCallError) in
        try kernelCall("open_tree", on: path) {
          // OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH
          unsafe cl_open_tree(raw, "", 0x1 | 0x80000 | 0x8000 | 0x1000)
        }
      })
    try tree.withRaw { raw throws(SystemCallError) in
      // AT_FDCWD; MOVE_MOUNT_F_EMPTY_PATH
      _ = try kernelCall("move_mount", on: path) { unsafe cl_move_mount(raw, "", -100, path, 0x4) }
    }
  }
}
