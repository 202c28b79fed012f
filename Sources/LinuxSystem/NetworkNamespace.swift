import CLinux
import Glibc

/// Network namespaces as descriptors: nothing is bind-mounted here, so the last descriptor (or process) that goes takes the namespace along.
public enum NetworkNamespace {
  private static let flag: UInt32 = 0x4000_0000  // CLONE_NEWNET

  /// A new, empty namespace. The calling thread is in its own namespace again when this returns.
  public static func create() throws(SystemCallError) -> SharedDescriptor {
    let home = try current()
    _ = try kernelCall("unshare(CLONE_NEWNET)", on: "network namespace") { cl_unshare(flag) }
    let made: Result<SharedDescriptor, SystemCallError> = Result { () throws(SystemCallError) in try current() }
    comeBack(to: home)
    return try made.get()
  }

  /// One that has a name.
  public static func open(_ path: String) throws(SystemCallError) -> SharedDescriptor {
    SharedDescriptor(
      OwnedDescriptor(adopting: try systemCall("open", on: path) { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC) }))
  }

  /// Runs `body` in a namespace: sockets it opens belong there for ever. `body` must not suspend; it runs on the calling thread.
  public static func run<R, E: Error>(
    in namespace: SharedDescriptor, _ body: () throws(E) -> R
  ) throws(SystemCallError) -> Result<R, E> {
    let home = try current()
    _ = try namespace.withRaw { raw throws(SystemCallError) in
      try kernelCall("setns(CLONE_NEWNET)", on: "network namespace") { cl_setns(raw, flag) }
    }
    let result = Result(catching: body)
    comeBack(to: home)
    return result
  }

  private static func current() throws(SystemCallError) -> SharedDescriptor { try open("/proc/thread-self/ns/net") }

  private static func comeBack(to home: SharedDescriptor) {
    let result = home.withRaw { raw in cl_setns(raw, flag) }
    // A pool thread in a pod's namespace would do the host's work there: worse than no agent.
    precondition(result == 0, "cannot return to the agent's network namespace (errno \(-result))")
  }
}
