import Foundation
import Glibc
import LinuxSystem

/// Directories, cgroups and files of one test run. Everything lies below two directories named after this process.
enum Scratch {
  static let base = "/tmp/swiftlet-shim-test-\(getpid())"

  /// The cgroup v2 mount: the unified hierarchy, or the v2 part of a hybrid one.
  static let cgroupMount: String? = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first {
    FileManager.default.fileExists(atPath: "\($0)/cgroup.controllers")
  }

  /// podshim: named by the environment, or built beside the tests.
  static let podshim: String = {
    if let path = ProcessInfo.processInfo.environment["SWIFTLET_PODSHIM"] { return path }
    let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    return products.appendingPathComponent("podshim").path
  }()
  static let image = Result { () throws(SystemCallError) in try SealedExecutable(copying: podshim) }

  static func makeDirectory(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  static func write(_ text: String, _ path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
  static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
  static func link(_ path: String) -> String { (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? "" }
  static func symlink(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
  }

  static func open(_ path: String, _ flags: Int32 = O_RDONLY) throws -> SharedDescriptor {
    let raw = unsafe Glibc.open(path, flags | O_CLOEXEC)
    guard raw >= 0 else { throw SystemCallError(call: "open", subject: path, code: errno) }
    return SharedDescriptor(OwnedDescriptor(adopting: raw))
  }

  /// A root file system of Debian's static busybox: one file and a hard link for each applet.
  static func makeRoot(_ path: String) throws {
    for name in ["bin", "dev", "proc", "sys", "tmp", "etc", "mnt"] { try makeDirectory("\(path)/\(name)") }
    try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: "\(path)/bin/busybox")
    for applet in [
      "sh", "ls", "echo", "sleep", "cat", "id", "readlink", "mkdir", "touch", "stat", "mount", "grep", "head", "kill", "tty",
      "true",
      "hostname", "ps", "dd", "ln", "rm", "stty", "awk", "yes", "seq", "wc",
    ] {
      try FileManager.default.linkItem(atPath: "\(path)/bin/busybox", toPath: "\(path)/bin/\(applet)")
    }
    try write("root:x:0:0::/:/bin/sh\n", "\(path)/etc/passwd")
  }

  /// Removes a tree; the link of a mount never leads out because the mounts were podshim's alone.
  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

  /// Tries until `condition` holds; false after `seconds`.
  static func eventually(_ seconds: Double = 5, _ condition: () -> Bool) -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while !condition() {
      if Date() > end { return false }
      usleep(5000)
    }
    return true
  }
}
