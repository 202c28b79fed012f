import Foundation
import Glibc
import LinuxSystem
import TestSupport

/// Directories, cgroups and files of one test run. Everything lies below two directories named after this process.
enum ShimFiles {
  static let base = "/tmp/swiftlet-shim-test-\(getpid())"

  /// podshim: named by the environment, or built beside the tests.
  static let podshim = ProcessInfo.processInfo.environment["SWIFTLET_PODSHIM"] ?? Products.path("podshim")
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
}
