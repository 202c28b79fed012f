import CLibSeccomp

/// i386 makes sockets in two ways: socket(2), and socketcall(2) with the arguments of socket(2) in memory, where a filter cannot look.
/// For the second, libseccomp drops the conditions of a rule and allows the call whatever the family is. A few instructions before its
/// program give that way the profile's default action; C libraries use socket(2) on every kernel that has it (Linux 4.3).
struct SocketCall {
  /// AUDIT_ARCH_I386. Source: linux/audit.h.
  private static let i386: UInt32 = 0x4000_0003
  /// Source: arch/x86/entry/syscalls/syscall_32.tbl.
  private static let number: UInt32 = 102
  /// SYS_SOCKET of linux/net.h.
  private static let makesSocket: UInt32 = 1

  private var allowsSome = false
  private var allowsAll = false

  /// The profile has a rule for this call.
  mutating func note(_ name: String, action: UInt32, normal: UInt32, conditional: Bool) {
    if action == normal { return }
    switch name {
    case "socket": if conditional { allowsSome = true } else { allowsAll = true }
    // Who names it knows what it does.
    case "socketcall": allowsAll = true
    default: break
    }
  }

  /// Empty unless the profile denies by default and names families.
  func prefix(defaultAction: UInt32, architectures: [UInt32]) -> [UInt8] {
    guard allowsSome, !allowsAll, SeccompVocabulary.denies(defaultAction), architectures.contains(Self.i386) else { return [] }
    // seccomp_data: int nr; __u32 arch; __u64 instruction_pointer; __u64 args[6].
    var program = BPFProgram()
    program.load(4)
    program.skip(unlessEqualTo: Self.i386, 5)
    program.load(0)
    program.skip(unlessEqualTo: Self.number, 3)
    program.load(16)
    program.skip(unlessEqualTo: Self.makesSocket, 1)
    program.answer(defaultAction)
    return program.bytes
  }
}
