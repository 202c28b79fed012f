import CLinux
import Glibc

/// Programs of the host, for what only they can do.
public enum HostProgram {
  /// Runs a program without input and output to its end and returns its exit status, 128 + signal when one ended it. Blocks.
  /// - Parameter path: absolute.
  public static func run(_ path: String, _ arguments: [String]) throws(SystemCallError) -> Int32 {
    let program = OwnedDescriptor(
      adopting: try systemCall("open", on: path) { unsafe open(path, 0o10000000 /* O_PATH */ | O_CLOEXEC) })
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
    var info = unsafe siginfo_t()
    _ = try handle.withRaw { raw throws(SystemCallError) in
      try systemCall("waitid", on: "\(path), pid \(pid)") { unsafe waitid(idtype_t(3 /* P_PIDFD */), id_t(raw), &info, WEXITED) }
    }
    let status = unsafe info._sifields._sigchld.si_status
    return unsafe info.si_code == CLD_EXITED ? status : 128 + status
  }
}
