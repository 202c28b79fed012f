import Glibc
import LinuxSystem

extension Cgroup {
  /// Writes oom_score_adj of every process here and below, also of those forked meanwhile. A process that ends meanwhile is no error.
  /// Source: proc_pid_oom_score_adj(5); a child inherits its parent's.
  public func adjustOOMScore(_ score: Int64) throws(CgroupError) {
    try validate()
    try attempt("set oom_score_adj of the processes of cgroup \(path) to \(score)") { () throws(SystemCallError) in
      var done: Set<Int32> = []
      // A process that forks before its turn came leaves a child with the old value: once more, but not for ever.
      for _ in 0..<100 {
        let new = try Self.processes(in: directory, recursive: true).filter { !done.contains($0) }
        if new.isEmpty { return }
        for start in stride(from: 0, to: new.count, by: 256) {
          try adjustOOMScore(score, of: Array(new[start..<min(start + 256, new.count)]))
        }
        done.formUnion(new)
      }
    }
  }

  private func adjustOOMScore(_ score: Int64, of processes: [Int32]) throws(SystemCallError) {
    var held: [(pid: Int32, directory: SharedDescriptor)] = []
    for pid in processes {
      do { held.append((pid, try ControlFile.openDirectory("/proc/\(pid)"))) } catch  where error.isGone { continue }
    }
    // A number may be another process's by now. Who has it here while its directory is held is the one that is written to, or is dead.
    let members = Set(try Self.processes(in: directory, recursive: true))
    for (pid, directory) in held where members.contains(pid) {
      do {
        try directory.withRaw { raw throws(SystemCallError) in
          try ControlFile.write("/proc/self/fd/\(raw)/oom_score_adj", "\(score)")
        }
      } catch  where error.code == ESRCH || error.isGone {
        continue
      }
    }
  }
}
