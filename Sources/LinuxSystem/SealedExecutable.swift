import CLinux
import Glibc

/// An executable image that nobody can write to any more: a copy of a file in a sealed memfd. A container that finds it behind
/// /proc/PID/exe cannot overwrite the file on the host (CVE-2019-5736).
public struct SealedExecutable: Sendable {
  private let descriptor: SharedDescriptor

  /// Copies `path` into a memfd and seals it.
  public init(copying path: String) throws(SystemCallError) {
    let file = OwnedDescriptor(adopting: try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_CLOEXEC) })
    // MFD_CLOEXEC | MFD_ALLOW_SEALING
    let memory = OwnedDescriptor(
      adopting: try kernelCall("memfd_create", on: path) { unsafe cl_memfd_create("podshim", 0x3) })
    let size = try file.withRaw { raw throws(SystemCallError) in try systemCall("lseek", on: path) { lseek(raw, 0, SEEK_END) } }
    var offset: off_t = 0
    while offset < size {
      let copied = try file.withRaw { from throws(SystemCallError) in
        try memory.withRaw { to throws(SystemCallError) in
          try systemCall("sendfile", on: path) { unsafe sendfile(to, from, &offset, size - Int(offset)) }
        }
      }
      if copied == 0 { break }
    }
    // F_ADD_SEALS: F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
    _ = try memory.withRaw { raw throws(SystemCallError) in try systemCall("fcntl(F_ADD_SEALS)", on: path) { fcntl(raw, 1033, 0xf) }
    }
    descriptor = SharedDescriptor(memory)
  }

  /// A file as it lies there, not copied: for programs that no container comes near.
  public init(opening path: String) throws(SystemCallError) {
    descriptor = SharedDescriptor(
      OwnedDescriptor(adopting: try systemCall("open", on: path) { unsafe open(path, O_RDONLY | O_CLOEXEC) }))
  }

  /// Starts the program in a new process inside `cgroup` (a cgroup v2 directory; nil: the caller's), with `socket` as its descriptor 3.
  /// Blocks until the exec happened (about 0.2 ms).
  public func spawn(arguments: [String], environment: [String] = [], cgroup: SharedDescriptor?, socket: borrowing OwnedDescriptor)
    throws(SystemCallError) -> PidFD
  {
    let null = OwnedDescriptor(adopting: try systemCall("open", on: "/dev/null") { unsafe open("/dev/null", O_RDWR | O_CLOEXEC) })
    var pidfd: CInt = -1
    var cgroupRaw: CInt = -1
    if let cgroup { cgroupRaw = try cgroup.duplicate().release() }
    defer { if cgroupRaw >= 0 { close(cgroupRaw) } }
    let name = arguments.first ?? "podshim"
    let pid = try descriptor.withRaw { executable throws(SystemCallError) in
      try socket.withRaw { socket throws(SystemCallError) in
        try null.withRaw { null throws(SystemCallError) in
          try unsafe withCStrings(arguments) { argv throws(SystemCallError) in
            try unsafe withCStrings(environment) { envp throws(SystemCallError) in
              try kernelCall("clone3", on: name) { unsafe cl_spawn(executable, argv, envp, cgroupRaw, null, socket, &pidfd) }
            }
          }
        }
      }
    }
    return PidFD(adopting: pidfd, pid: pid)
  }
}

/// Lends strings as a NULL-terminated array of C strings.
func withCStrings<R>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) throws(SystemCallError) -> R
) throws(SystemCallError) -> R {
  var pointers = unsafe strings.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { unsafe pointers.forEach { unsafe free($0) } }
  do {
    return try unsafe pointers.withUnsafeBufferPointer { buffer in try unsafe body(buffer.baseAddress!) }
  } catch let error as SystemCallError {
    throw error
  } catch {
    preconditionFailure("body throws only SystemCallError")
  }
}
