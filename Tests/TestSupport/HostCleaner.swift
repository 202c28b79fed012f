import Foundation
import Glibc

/// Removes what a failed test left on the node, so that the next one finds a clean one. Everything is named by its own directory or
/// cgroups: nothing of others is touched.
package enum HostCleaner {
  /// - Parameters:
  ///   - directory: processes that work in it or have it in their command line end, mounts below it go.
  ///   - cgroups: paths below the cgroup v2 mount; they go with their processes.
  ///   - keeping: mounts that stay.
  package static func clean(directory: String, cgroups: [String], keeping: Set<String> = []) async {
    for pid in processes(directory) { kill(pid, SIGKILL) }
    if let mount = HostState.cgroupMount {
      for path in cgroups where !path.isEmpty { await removeCgroup(mount + path) }
    }
    _ = await eventually { processes(directory).isEmpty }
    for place in mounts(directory) where !keeping.contains(place) { unsafe umount2(place, 2 /* MNT_DETACH */) }
  }

  /// Not this one, and not the dead that nobody waited for.
  private static func processes(_ directory: String) -> [Int32] {
    HostState.pids().filter { pid in
      guard pid != getpid(), !HostState.text("/proc/\(pid)/stat").contains(") Z ") else { return false }
      let place = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) ?? ""
      return (place + "/").hasPrefix(directory + "/") || HostState.commandLine(pid).contains(directory + "/")
    }
  }

  private static func mounts(_ directory: String) -> [String] {
    HostState.text("/proc/self/mountinfo").split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      return fields.count > 4 && fields[4].hasPrefix(directory + "/") ? String(fields[4]) : nil
    }.reversed()
  }

  /// Kills what is in a cgroup and removes it with those below it.
  package static func removeCgroup(_ path: String) async {
    guard FileManager.default.fileExists(atPath: path) else { return }
    _ = await eventually {
      removeCgroupOnce(path)
      return !FileManager.default.fileExists(atPath: path)
    }
  }

  /// One try of the same: the kernel takes a moment to let go of a process.
  package static func removeCgroupOnce(_ path: String) {
    if let handle = FileHandle(forWritingAtPath: "\(path)/cgroup.kill") { try? handle.write(contentsOf: Data("1".utf8)) }
    let below = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    for name in below.sorted(by: { $0.count > $1.count }) { unsafe rmdir("\(path)/\(name)") }
    unsafe rmdir(path)
  }
}
