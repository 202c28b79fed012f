import LinuxSystem

extension Cgroup {
  /// Freezes every process here and below; blocking until the kernel reports `frozen 1`. A frozen cgroup: no effect.
  /// Source: cgroup-v2.rst, "cgroup.freeze".
  /// - Parameter timeout: wall time to wait; the kernel gives no upper bound.
  /// - Throws: `timedOut` with the cgroup left freezing: call `thaw()`.
  public func freeze(timeout: Duration = .seconds(10)) throws(CgroupError) {
    try validate()
    try attempt("freeze cgroup \(path)") { () throws(SystemCallError) in try ControlFile.write(file("cgroup.freeze"), "1") }
    try wait(for: "frozen", toBe: 1, timeout: timeout)
  }

  /// Lets the processes go on. Not frozen: no effect.
  public func thaw() throws(CgroupError) {
    try validate()
    try attempt("thaw cgroup \(path)") { () throws(SystemCallError) in try ControlFile.write(file("cgroup.freeze"), "0") }
  }
}
