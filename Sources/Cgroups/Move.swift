import Glibc
import LinuxSystem

extension Cgroup {
  /// Moves every process here (not below) to `other`, also those forked meanwhile.
  public func moveProcesses(to other: Cgroup) throws(CgroupError) {
    try validate()
    try other.validate()
    try attempt("move the processes of cgroup \(path) to \(other.path)") { () throws(SystemCallError) in
      var failure: SystemCallError?
      // A process that forks in between leaves its child here: once more, but not for ever.
      for _ in 0..<100 {
        let processes = try Self.processes(in: directory, recursive: false)
        if processes.isEmpty { return }
        for process in processes {
          do throws(SystemCallError) { try ControlFile.write(other.file("cgroup.procs"), "\(process)") } catch {
            if error.code != ESRCH { failure = error }
          }
        }
      }
      if let failure { throw failure }
    }
  }
}
