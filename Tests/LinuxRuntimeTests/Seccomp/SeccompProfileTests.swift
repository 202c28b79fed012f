import OCISpec
import Testing

@testable import LinuxRuntime

@Suite("The runtime's default seccomp profile") struct SeccompProfileTests {
  private static func filter(_ capabilities: [String]) throws -> FilterEvaluator {
    var spec = SeccompProfile.runtimeDefault(capabilities: capabilities)
    spec.architectures = SeccompCompilerTests.architectures
    return FilterEvaluator(program: try SeccompCompiler().compile(spec))
  }

  struct Call: Sendable, CustomTestStringConvertible {
    var name: String
    var number: UInt32
    var arguments: [UInt64] = []
    var testDescription: String { "\(name)(\(arguments.map { "0x" + String($0, radix: 16) }.joined(separator: ", ")))" }
  }

  @Test(
    "ordinary calls are allowed",
    arguments: [
      Call(name: "read", number: 0), Call(name: "openat", number: 257), Call(name: "execve", number: 59),
      Call(name: "futex", number: 202),
      Call(name: "mmap", number: 9), Call(name: "epoll_pwait2", number: 441), Call(name: "rseq", number: 334),
      Call(name: "ptrace", number: 101), Call(name: "seccomp", number: 317), Call(name: "faccessat2", number: 439),
      Call(name: "fchmodat2", number: 452), Call(name: "cachestat", number: 451), Call(name: "statx", number: 332),
      Call(name: "futex_waitv", number: 449), Call(name: "pidfd_open", number: 434),
      Call(name: "landlock_create_ruleset", number: 444),
      Call(name: "clone for a thread", number: 56, arguments: [0x3D0F00]), Call(name: "fork by clone", number: 56, arguments: [17]),
      Call(name: "socket AF_INET", number: 41, arguments: [2]), Call(name: "socket AF_NETLINK", number: 41, arguments: [16]),
      Call(name: "socket AF_NFC", number: 41, arguments: [39]), Call(name: "socket AF_QIPCRTR", number: 41, arguments: [42]),
      Call(name: "personality query", number: 135, arguments: [0xFFFF_FFFF]),
      Call(name: "personality", number: 135, arguments: [8]),
      Call(name: "setuid", number: 105), Call(name: "mknod", number: 133), Call(name: "capset", number: 126),
    ])
  func allowed(_ call: Call) throws { #expect(try Self.filter([]).verdict(call.number, call.arguments) == .allow) }

  @Test(
    "calls that reach beyond the container are denied",
    arguments: [
      Call(name: "mount", number: 165), Call(name: "umount2", number: 166), Call(name: "unshare", number: 272),
      Call(name: "setns", number: 308), Call(name: "reboot", number: 169), Call(name: "init_module", number: 175),
      Call(name: "kexec_load", number: 246), Call(name: "bpf", number: 321), Call(name: "perf_event_open", number: 298),
      Call(name: "keyctl", number: 250), Call(name: "add_key", number: 248), Call(name: "swapon", number: 167),
      Call(name: "settimeofday", number: 164), Call(name: "open_by_handle_at", number: 304), Call(name: "userfaultfd", number: 323),
      Call(name: "io_uring_setup", number: 425), Call(name: "chroot", number: 161), Call(name: "acct", number: 163),
      Call(name: "iopl", number: 172), Call(name: "vhangup", number: 153), Call(name: "syslog", number: 103),
      Call(name: "quotactl", number: 179), Call(name: "pivot_root", number: 155), Call(name: "open_tree", number: 428),
      Call(name: "move_mount", number: 429), Call(name: "fsopen", number: 430), Call(name: "mount_setattr", number: 442),
      Call(name: "clone with CLONE_NEWUSER", number: 56, arguments: [0x1000_0011]),
      Call(name: "clone with CLONE_NEWNS", number: 56, arguments: [0x2_0011]),
      Call(name: "clone with CLONE_NEWCGROUP", number: 56, arguments: [0x200_0011]),
      Call(name: "socket AF_ALG", number: 41, arguments: [38]), Call(name: "socket AF_VSOCK", number: 41, arguments: [40]),
      Call(name: "socket AF_ALG with an upper half", number: 41, arguments: [38 | 1 << 32]),
      Call(name: "socket AF_VSOCK with an upper half", number: 41, arguments: [40 | 1 << 32]),
      Call(name: "personality ADDR_NO_RANDOMIZE", number: 135, arguments: [0x4_0000]),
    ])
  func denied(_ call: Call) throws { #expect(try Self.filter([]).verdict(call.number, call.arguments) == .errno(1)) }

  @Test(
    "a capability brings the calls it is for",
    arguments: [
      ("CAP_SYS_ADMIN", Call(name: "mount", number: 165)), ("CAP_SYS_ADMIN", Call(name: "unshare", number: 272)),
      ("CAP_SYS_ADMIN", Call(name: "sethostname", number: 170)), ("CAP_SYS_ADMIN", Call(name: "fsopen", number: 430)),
      ("CAP_SYS_ADMIN", Call(name: "clone CLONE_NEWUSER", number: 56, arguments: [0x1000_0011])),
      ("CAP_SYS_PTRACE", Call(name: "kcmp", number: 312)), ("CAP_SYS_PTRACE", Call(name: "pidfd_getfd", number: 438)),
      ("CAP_SYS_MODULE", Call(name: "finit_module", number: 313)), ("CAP_SYS_TIME", Call(name: "clock_settime", number: 227)),
      ("CAP_SYS_BOOT", Call(name: "reboot", number: 169)), ("CAP_SYS_CHROOT", Call(name: "chroot", number: 161)),
      ("CAP_DAC_READ_SEARCH", Call(name: "open_by_handle_at", number: 304)), ("CAP_SYSLOG", Call(name: "syslog", number: 103)),
      ("CAP_BPF", Call(name: "bpf", number: 321)), ("CAP_PERFMON", Call(name: "perf_event_open", number: 298)),
      ("CAP_SYS_NICE", Call(name: "mbind", number: 237)), ("CAP_SYS_RAWIO", Call(name: "ioperm", number: 173)),
      ("CAP_SYS_PACCT", Call(name: "acct", number: 163)), ("CAP_SYS_TTY_CONFIG", Call(name: "vhangup", number: 153)),
    ])
  func capabilities(_ capability: String, _ call: Call) throws {
    #expect(try Self.filter([]).verdict(call.number, call.arguments) == .errno(1))
    #expect(try Self.filter([capability]).verdict(call.number, call.arguments) == .allow)
    // Nothing ordinary is lost by it.
    #expect(try Self.filter([capability]).verdict(0) == .allow)
  }

  @Test("clone3 does not exist without CAP_SYS_ADMIN, as its flags cannot be looked at")
  func clone3() throws {
    #expect(try Self.filter([]).verdict(435) == .errno(38))
    #expect(try Self.filter(["CAP_SYS_ADMIN"]).verdict(435) == .allow)
  }

  @Test("calls that are younger than the profile do not exist")
  func future() throws {
    #expect(try Self.filter([]).verdict(480) == .errno(38))
    // x32's own execve.
    #expect(try Self.filter([]).verdict(0x4000_0000 | 520) == .allow)
  }

  @Test(
    "libseccomp's tree answers as its list does, and the kernel walks a quarter of it at most",
    arguments: [[String](), ["CAP_SYS_ADMIN"]])
  func equivalence(_ capabilities: [String]) throws {
    var spec = SeccompProfile.runtimeDefault(capabilities: capabilities)
    spec.architectures = SeccompCompilerTests.architectures
    let plain = FilterEvaluator(program: try SeccompCompiler.filter(spec, asTree: false).program)
    let tree = FilterEvaluator(program: try SeccompCompiler().compile(spec))
    let steps = { (filter: FilterEvaluator) in
      try (0..<UInt32(460)).reduce(0) { sum, number in
        var steps = 0
        _ = try filter.verdict(number, [17], steps: &steps)
        return sum + steps
      }
    }
    let (short, long) = (try steps(tree), try steps(plain))
    #expect(short * 4 < long, "\(short) of \(long) instructions")
    let numbers = Array(0..<UInt32(560)) + Array(0x4000_0000..<0x4000_0230) + [1023, 4096, 0x0F_0002, 0x3FFF_FFFF, .max]
    for machine in [FilterEvaluator.Machine.x86_64, .i386, .aarch64] {
      for number in numbers {
        for argument: UInt64 in [17, 0x1000_0000] {
          let expected = try plain.verdict(number, [argument], machine: machine)
          let actual = try tree.verdict(number, [argument], machine: machine)
          if actual != expected { Issue.record("\(machine) \(number)(\(argument)): \(actual), not \(expected)") }
        }
      }
    }
  }

  @Test("every name is known to libseccomp or to Swiftlet, on the list once, and the program is short enough")
  func names() throws {
    let all = SeccompProfile.runtimeDefault(capabilities: CapabilitySet(mask: (1 << 41) - 1).names)
    let ordinary = try #require(all.syscalls?.first?.names)
    #expect(ordinary.count > 330)
    #expect(Set(ordinary).count == ordinary.count)
    let result = try SeccompCompiler().result(of: all)
    // Upgrades of libseccomp and kernels make this list shorter.
    #expect(Set(result.skipped).isSubset(of: ["uprobe", "uretprobe"]), "\(result.skipped)")
    #expect(result.program.count / 8 < 2048)
  }
}
