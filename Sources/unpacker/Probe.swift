#if DEBUG
  import CLinux
  import Glibc

  /// What a parser that somebody took over would try next, in a process sealed for filling a directory. For tests.
  enum Probe {
    /// A line for each attempt: its name, and `done` or the errno.
    static func report() -> String {
      attempts.map { name, attempt in
        errno = 0
        let result = attempt()
        return "\(name) \(result < 0 ? "\(errno)" : "done")\n"
      }.joined()
    }

    private static var attempts: [(String, () -> Int)] {
      [
        ("write-inside", { opened("/inside", O_WRONLY | O_CREAT) }),
        ("read-etc", { opened("/etc/passwd", O_RDONLY) }),
        ("read-proc", { opened("/proc/self/maps", O_RDONLY) }),
        ("climb", { opened("../../../../../../../../etc/passwd", O_RDONLY) }),
        ("climb-by-descriptor", { Int(unsafe openat(5, "../../..", O_RDONLY)) }),
        ("read-device", { unsafe Int(cl_mknodat(-100, "/device", 0o20666, 1, 3)) == 0 ? opened("/device", O_RDWR) : -1 }),
        ("run-program", { unsafe Int(cl_execve("/inside", [nil], [nil])) < 0 ? -1 : 0 }),
        ("internet", { connected(AF_INET) }),
        ("unix-socket", { Int(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)) }),
        ("kill", { Int(kill(getppid(), 0)) }),
        // Of no effect where it is allowed; with other values the kernel would signal a process in our name.
        ("signal-by-fcntl", { [F_SETOWN, 10 /* F_SETSIG */, F_SETFL].map { Int(fcntl(3, $0, 0)) }.max() ?? -1 }),
        ("mount", { failed(unsafe cl_mount("none", "/", "tmpfs", 0, nil)) }),
        ("host-namespace", { failed(cl_setns(3, 0)) }),
        ("chroot", { Int(unsafe chroot("/")) }),
        ("become-another", { failed(cl_setresuid(1)) }),
        ("capability", { failed(cl_capset(1 << 21, 1 << 21, 0)) }),
        // Last: a user namespace is a world of its own.
        ("namespace", { failed(cl_unshare(0x1000_0000)) }),
      ]
    }

    private static func opened(_ path: String, _ flags: CInt) -> Int { Int(unsafe open(path, flags, 0o755)) }

    private static func failed(_ result: Int32) -> Int {
      if result < 0 { errno = -result }
      return result < 0 ? -1 : 0
    }

    /// To the loopback's discard port: ENETUNREACH where there is no network, ECONNREFUSED where there is one.
    private static func connected(_ family: CInt) -> Int {
      let raw = socket(family, Int32(SOCK_STREAM.rawValue), 0)
      guard raw >= 0 else { return -1 }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(family)
      address.sin_port = in_port_t(9).bigEndian
      address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
      return unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Int(unsafe connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)))
        }
      }
    }
  }
#endif
