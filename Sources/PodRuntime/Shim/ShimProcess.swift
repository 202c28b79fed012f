import LinuxSystem
import ShimCore

/// Finds podshim processes without asking them.
enum ShimProcess {
  /// The process whose pid podshim wrote into its directory; nil when there is none, or when another process has the number now.
  /// - Throws: when that cannot be found out, as without free descriptors.
  static func find(directory: String) throws(SystemCallError) -> PidFD? {
    do {
      let text = try readFile("\(directory)/shim.pid", limit: 32)
      guard let pid = Int32(text.split(separator: "\n").first ?? "") else { return nil }
      let process = try PidFD(opening: pid)
      // Looked at after the pidfd was taken: the number cannot change hands any more.
      return isShim(pid) && !process.hasExited ? process : nil
    } catch  where error.code == Errno.noEntry || error.code == Errno.noProcess || error.code == Errno.notDirectory {
      return nil
    }
  }

  enum State {
    /// SIGSTOP, or a debugger.
    case stopped
    /// Uninterruptible: a file system, most likely.
    case waitingForDisk
    /// It runs, sleeps as it should, or is not there.
    case other
  }

  /// Source: proc_pid_stat(5).
  static func state(directory: String) -> State {
    guard let process = try? find(directory: directory), let text = try? readFile("/proc/\(process.pid)/stat", limit: 4096),
      let parenthesis = text.lastIndex(of: ")")
    else { return .other }
    return switch text[parenthesis...].dropFirst(2).first {
    case "T", "t": .stopped
    case "D": .waitingForDisk
    default: .other
    }
  }

  /// A name can be anybody's. podshim has the agent's root, which no container has, and root's ids.
  private static func isShim(_ pid: Int32) -> Bool {
    guard (try? readFile("/proc/\(pid)/comm", limit: 64)) == "podshim\n", HostFiles.isSame("/proc/\(pid)/root", "/proc/self/root"),
      let status = try? readFile("/proc/\(pid)/status", limit: 65536)
    else { return false }
    return status.split(separator: "\n").contains("Uid:\t0\t0\t0\t0")
  }

  /// Every podshim on the node whose sandbox is, or was, in a directory, with the sandbox's id.
  ///
  /// Where a process works and what that place is called a container can choose (and with a volume of the host's root, its own root); its
  /// cgroup it cannot. podshim is born in the one that has the sandbox's id, containers in others.
  static func all(in parent: String) throws(SystemCallError) -> [(id: String, process: PidFD)] {
    var found: [(String, PidFD)] = []
    let places = [parent, HostFiles.resolved(parent) ?? parent]
    for name in try listDirectory("/proc") {
      guard let pid = Int32(name), isShim(pid), let process = try? PidFD(opening: pid),
        let text = try? HostFiles.linkTarget("/proc/\(pid)/cwd"), let cgroup = cgroup(of: pid), !process.hasExited
      else { continue }
      // Also when somebody has removed it.
      let removed = " (deleted)"
      let directory = text.hasSuffix(removed) ? text.dropLast(removed.count) : Substring(text)
      guard let slash = directory.lastIndex(of: "/"), places.contains(String(directory[..<slash])) else { continue }
      let id = directory[directory.index(after: slash)...]
      guard Identifier.isWhole(id), cgroup.hasSuffix("/\(id)") else { continue }
      found.append((String(id), process))
    }
    return found
  }

  /// The cgroups of a podshim and of what it is the parent of, below the cgroup v2 mount.
  static func cgroups(of pid: Int32) -> [String] {
    let children = (try? readFile("/proc/\(pid)/task/\(pid)/children")) ?? ""
    let all = [pid] + children.split(separator: " ").compactMap { Int32($0) }
    return Array(Set(all.compactMap { cgroup(of: $0) })).filter { $0 != "/" }.sorted()
  }

  private static func cgroup(of pid: Int32) -> String? {
    guard let text = try? readFile("/proc/\(pid)/cgroup") else { return nil }
    return text.split(separator: "\n").first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) }
  }
}
