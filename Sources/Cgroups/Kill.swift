import Glibc
import LinuxSystem

extension Cgroup {
  /// The longest time killed processes get to leave.
  static let killTimeout = Duration.seconds(10)
  static let timeoutCode = ETIMEDOUT

  /// SIGKILL to every process here and below, also those being forked. Does not wait. A cgroup that does not exist: no effect.
  /// Source: cgroup-v2.rst, "cgroup.kill" (Linux 5.14).
  public func kill() throws(CgroupError) {
    try validate()
    if components.isEmpty { throw CgroupError(.invalidArgument, "the root cgroup cannot be killed") }
    do { try ControlFile.write(file("cgroup.kill"), "1") } catch  where error.isGone {
      if (try? HostFiles.facts(directory)) ?? nil != nil {
        throw CgroupError(.unsupported, "cgroup \(path) has no cgroup.kill: Linux 5.14 or later is needed", cause: error)
      }
    } catch {
      throw CgroupError(.system, "kill cgroup \(path)", cause: error)
    }
  }

  /// `kill()`, then blocks until no process is left, at most 10 seconds.
  /// - Throws: `timedOut`, e.g. when a process hangs in the kernel.
  public func killAndWait() throws(CgroupError) {
    try kill()
    try wait(for: "populated", toBe: 0, timeout: Self.killTimeout)
  }

  /// Removes the cgroup when nothing is in it: no process, no child; otherwise, and when it is not there, no effect.
  public func removeIfEmpty() throws(CgroupError) {
    try validate()
    do throws(SystemCallError) { try ControlFile.removeDirectory(directory) } catch {
      if error.code != ENOENT && error.code != EBUSY && error.code != ENOTEMPTY {
        throw CgroupError(.system, "remove cgroup \(path)", cause: error)
      }
    }
  }

  /// Removes the cgroup and all below it. Processes still in it are killed; then it blocks until they are gone (at most
  /// 10 seconds). A cgroup that does not exist: no effect.
  public func remove() throws(CgroupError) {
    try validate()
    if components.isEmpty { throw CgroupError(.invalidArgument, "the root cgroup cannot be removed") }
    let deadline = ContinuousClock.now + Self.killTimeout
    while true {
      let failure: SystemCallError
      do {
        try ControlFile.removeDirectory(directory)
        return
      } catch  where error.code == ENOENT {
        return
      } catch {
        failure = error
      }
      // EBUSY: processes or child cgroups.
      if failure.code != EBUSY { throw CgroupError(.system, "remove cgroup \(path)", cause: failure) }
      if ContinuousClock.now > deadline { throw CgroupError(.timedOut, "remove cgroup \(path)", cause: failure) }
      if try isPopulated { try killAndWait() }
      let children = try attempt("list the children of cgroup \(path)") { () throws(SystemCallError) in
        try ControlFile.subdirectories(of: directory)
      }
      for name in children { try child(name).remove() }
      if children.isEmpty { usleep(1000) }  // busy for another reason, e.g. a fork under way
    }
  }
}
