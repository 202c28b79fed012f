import CLinux
import Glibc

/// A copy of the mount namespace that lives as long as one call: mounts are made there out of everybody's sight, and only the detached
/// ones that the call returns outlive it. Nothing is ever mounted on the host, and nothing is left when the agent dies in the middle.
public enum PrivateMountNamespace {
  /// Runs `body` on a thread of its own, which ends with it: unshare(CLONE_NEWNS) parts a thread from the working directory of the others
  /// for good.
  /// - Parameter scratch: a directory; an empty tmpfs on it is the working directory of `body`.
  public static func run<R: Sendable>(
    scratch: String, _ body: @escaping @Sendable () throws(SystemCallError) -> R
  ) async throws(SystemCallError) -> R {
    let result: Result<R, SystemCallError> = await withCheckedContinuation { continuation in
      do throws(SystemCallError) {
        try startThread(named: "mounts") {
          continuation.resume(
            returning: Result { () throws(SystemCallError) in
              try enter(scratch)
              return try body()
            })
        }
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    return try result.get()
  }

  private static func enter(_ scratch: String) throws(SystemCallError) {
    _ = try kernelCall("unshare(CLONE_NEWNS)", on: "mount namespace") { cl_unshare(0x0002_0000) }
    // A slave: what is mounted here stays here, and what the host unmounts goes here, too.
    _ = try kernelCall("mount", on: "/") { unsafe cl_mount(nil, "/", nil, UInt64(MS_REC | MS_SLAVE), nil) }
    let flags = UInt64(MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _ = try kernelCall("mount", on: scratch) { unsafe cl_mount("tmpfs", scratch, "tmpfs", flags, "mode=700") }
    _ = try kernelCall("chdir", on: scratch) { unsafe cl_chdir(scratch) }
  }
}
