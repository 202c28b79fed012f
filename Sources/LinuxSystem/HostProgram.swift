import CLinux
import Glibc

/// Programs of the host, for what only they can do.
public enum HostProgram {
  /// Runs a program without input and output to its end and returns its exit status, 128 + signal when one ended it. Blocks.
  /// - Parameters:
  ///   - path: absolute.
  ///   - limit: one that takes longer is killed.
  /// - Throws: ETIMEDOUT after that.
  public static func run(_ path: String, _ arguments: [String], atMost limit: Duration) throws(SystemCallError) -> Int32 {
    let deadline = ContinuousClock.now + limit
    let program = OwnedDescriptor(
      adopting: try systemCall("open", on: path) { unsafe open(path, ConfinedDirectory.pathFlag | O_CLOEXEC) })
    let null = OwnedDescriptor(adopting: try systemCall("open", on: "/dev/null") { unsafe open("/dev/null", O_RDWR | O_CLOEXEC) })
    var pidfd: CInt = -1
    let pid = try program.withRaw { program throws(SystemCallError) in
      try null.withRaw { null throws(SystemCallError) in
        try unsafe withCStrings([path] + arguments) { argv throws(SystemCallError) in
          try unsafe withCStrings(["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]) { envp throws(SystemCallError) in
            try kernelCall("clone3", on: path) { unsafe cl_spawn(program, argv, envp, -1, null, null, &pidfd) }
          }
        }
      }
    }
    let handle = OwnedDescriptor(adopting: pidfd)
    let ended = try handle.withRaw { raw throws(SystemCallError) in try wait(raw, path, until: deadline) }
    if !ended {
      handle.withRaw { raw in _ = cl_pidfd_send_signal(raw, SIGKILL) }
      // One that hangs in the kernel does not die: it is reaped whenever it does.
      let died = try handle.withRaw { raw throws(SystemCallError) in try wait(raw, path, until: .now + .seconds(5)) }
      if !died { throw SystemCallError(call: "waitid", subject: "\(path), which does not die", code: ETIMEDOUT) }
    }
    var info = unsafe siginfo_t()
    _ = try handle.withRaw { raw throws(SystemCallError) in
      try systemCall("waitid", on: "\(path), pid \(pid)") { unsafe waitid(idtype_t(3 /* P_PIDFD */), id_t(raw), &info, WEXITED) }
    }
    guard ended else { throw SystemCallError(call: "waitid", subject: "\(path), killed after \(limit)", code: ETIMEDOUT) }
    let status = unsafe info._sifields._sigchld.si_status
    return unsafe info.si_code == CLD_EXITED ? status : 128 + status
  }

  /// Whether the process of a pidfd ended before the deadline.
  private static func wait(
    _ pidfd: CInt, _ path: String, until deadline: ContinuousClock.Instant
  ) throws(SystemCallError) -> Bool {
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      if left <= .zero { return false }
      var entry = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
      let count = unsafe poll(&entry, 1, CInt(clamping: Int64(left / .milliseconds(1)) + 1))
      if count > 0 { return true }
      if count < 0, errno != EINTR { throw SystemCallError(call: "poll", subject: path, code: errno) }
    }
  }
}
