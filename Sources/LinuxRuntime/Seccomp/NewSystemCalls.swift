import CLibSeccomp

/// A few instructions before libseccomp's program, for system calls younger than the profile or than libseccomp.
///
/// A profile says EPERM for what it does not name. C libraries try a new call first and fall back on the old one when they hear ENOSYS;
/// EPERM they take for the answer (fchmodat2 broke chmod, clone3 broke fork). So a call younger than the youngest one the profile names
/// gets ENOSYS. Calls the profile allows but libseccomp is too old to know are allowed here by their number, which since Linux 5.1 is
/// the same on every architecture.
struct NewSystemCalls {
  /// Linux 5.15 to 6.17. Source: scripts/syscall.tbl of the kernel.
  private static let numbers: [String: UInt32] = [
    "process_mrelease": 448, "futex_waitv": 449, "set_mempolicy_home_node": 450, "cachestat": 451, "fchmodat2": 452,
    "map_shadow_stack": 453, "futex_wake": 454, "futex_wait": 455, "futex_requeue": 456, "statmount": 457, "listmount": 458,
    "lsm_get_self_attr": 459, "lsm_set_self_attr": 460, "lsm_list_modules": 461, "mseal": 462, "setxattrat": 463,
    "getxattrat": 464, "listxattrat": 465, "removexattrat": 466, "open_tree_attr": 467, "file_getattr": 468, "file_setattr": 469,
  ]
  /// The first number of the common range, less one.
  private static let commonStart: UInt32 = 402
  /// Above it x32 keeps calls of its own (512 to 547), and far above 32-bit Arm.
  private static let commonEnd: UInt32 = 512
  private static let x32Bit: UInt32 = 0x4000_0000
  private static let x32 = UInt32(SCMP_ARCH_X32)

  private let architectures: [UInt32]
  private var youngest = commonStart
  private var actions: [(number: UInt32, action: UInt32)] = []
  private(set) var skipped: [String] = []

  init(architectures: [UInt32]) { self.architectures = architectures }

  /// The profile names this call, whatever it says about it.
  mutating func note(_ name: String) {
    for architecture in architectures {
      let number = unsafe seccomp_syscall_resolve_name_arch(architecture, name)
      guard number > 0 else { continue }
      let common = UInt32(number) & ~Self.x32Bit
      if common < Self.commonEnd { youngest = max(youngest, common) }
    }
  }

  /// A rule for a call libseccomp does not know. Conditions on arguments cannot be kept, so such a rule counts as skipped.
  mutating func add(unknown name: String, action: UInt32, conditional: Bool) {
    guard let number = Self.numbers[name], !conditional else {
      if !skipped.contains(name) { skipped.append(name) }
      return
    }
    youngest = max(youngest, number)
    if !actions.contains(where: { $0.number == number }) { actions.append((number, action)) }
  }

  /// Empty when the profile's default lets calls through and no rule is about a call libseccomp does not know.
  func prefix(defaultAction: UInt32) -> [UInt8] {
    let denies = SeccompVocabulary.denies(defaultAction)
    if !denies, actions.isEmpty { return [] }
    var program = BPFProgram()
    // seccomp_data: int nr; __u32 arch; ...
    var decision = BPFProgram()
    decision.load(0)
    if architectures.contains(Self.x32) { decision.and(~Self.x32Bit) }
    var known = BPFProgram()
    for (number, action) in actions {
      known.skip(unlessEqualTo: number, 1)
      known.answer(action)
    }
    if denies {
      // Between what the profile could know and what exists.
      known.skip(unlessGreaterThan: youngest, 1)
      known.answer(SeccompVocabulary.errno(SeccompVocabulary.notImplemented))
    }
    decision.skip(unlessGreaterThan: Self.commonStart, known.count + 1)
    decision.skip(ifAtLeast: Self.commonEnd, known.count)
    decision.append(known)
    program.load(4)
    // x32 shares the AUDIT_ARCH number of x86-64.
    let audited = architectures.filter { $0 != Self.x32 }
    for (index, token) in audited.enumerated() { program.skip(ifEqualTo: token, audited.count - index) }
    program.jump(decision.count)
    program.append(decision)
    return program.bytes
  }
}
