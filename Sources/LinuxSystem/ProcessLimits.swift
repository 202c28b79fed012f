import CLinux
import Glibc

/// What the kernel allows this process, and how it is treated when memory is short.
public enum ProcessLimits {
  /// Raises the soft limit of open descriptors (a pod costs three) to the hard one; returns the limit now. Processes started by
  /// `SealedExecutable.spawn` get the limit that was there before: programs in containers that close every possible descriptor would take
  /// minutes with a high one.
  @discardableResult
  public static func raiseDescriptorLimit() throws(SystemCallError) -> UInt64 {
    try kernelCall("setrlimit(RLIMIT_NOFILE)", on: "the hard limit") { cl_raise_descriptor_limit() }.magnitude
  }

  /// Writes /proc/self/oom_score_adj: -1000 (never) to 1000 (first). Lower than before needs CAP_SYS_RESOURCE (EACCES).
  public static func adjustOOMScore(_ value: Int) throws(SystemCallError) {
    try ControlFile.write("/proc/self/oom_score_adj", "\(value)")
  }

  /// The soft limit of open descriptors of a process; nil when it is gone.
  public static func openDescriptors(of process: Int32) -> UInt64? {
    let limit = cl_descriptor_limit(process)
    return limit < 0 ? nil : UInt64(limit)
  }
}
