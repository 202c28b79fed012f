import Foundation

/// What the kernel and the disk say, for tests that do not believe the program under test.
package enum HostState {
  /// The cgroup v2 mount: the unified hierarchy, or the v2 part of a hybrid one.
  package static let cgroupMount: String? = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first {
    FileManager.default.fileExists(atPath: "\($0)/cgroup.controllers")
  }

  package static func pids() -> [Int32] { names("/proc").compactMap { Int32($0) } }

  /// Names in a directory, sorted; none when there is no such directory.
  package static func names(_ directory: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
  }

  /// A file's text, "" when it cannot be read. A file of /proc: its size is not known before it is read.
  package static func text(_ path: String) -> String {
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return "" }
    return String(decoding: data, as: UTF8.self)
  }

  /// The command line of a process, its arguments with spaces between; "" when it is gone.
  package static func commandLine(_ pid: Int32) -> String {
    text("/proc/\(pid)/cmdline").split(separator: "\0").joined(separator: " ")
  }
}
