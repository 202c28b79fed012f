public import OCISpec
import Synchronization

/// Profiles by name: the runtime's default, and files of the administrator (SeccompProfile+File.swift).
public enum SeccompProfile {
  /// What `RuntimeDefault` means: every call an ordinary program needs, EPERM for the rest. What a capability is for comes with it.
  /// - Parameter capabilities: names as `CAP_SYS_ADMIN`, the container's bounding set.
  public static func runtimeDefault(capabilities: [String]) -> SeccompSpec {
    if let known = defaults.withLock({ $0[capabilities] }) { return known }
    let spec = makeDefault(capabilities: capabilities)
    defaults.withLock { known in
      if known.count >= 64 { known.removeAll() }
      known[capabilities] = spec
    }
    return spec
  }

  /// The same arrays each time: comparing them with what was compiled takes no time.
  private static let defaults = Mutex<[[String]: SeccompSpec]>([:])

  private static func makeDefault(capabilities: [String]) -> SeccompSpec {
    let held = Set(capabilities)
    var rules = [SeccompSpec.Syscall(names: SystemCallGroups.ordinary, action: allow)]
    rules += socketRules + personalityRules
    if !SystemCallGroups.ofThisMachine.isEmpty {
      rules.append(SeccompSpec.Syscall(names: SystemCallGroups.ofThisMachine, action: allow))
    }
    for (capability, names) in SystemCallGroups.byCapability where held.contains(capability) {
      rules.append(SeccompSpec.Syscall(names: names, action: allow))
    }
    if !held.contains("CAP_SYS_ADMIN") { rules += forkingWithoutNamespaces }
    return SeccompSpec(
      defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: SeccompVocabulary.notPermitted, architectures: architectures,
      syscalls: rules)
  }

  static let allow = "SCMP_ACT_ALLOW"

  /// This machine's architecture first, then those whose programs it also runs.
  static let architectures: [String] = {
    #if arch(x86_64)
      ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
    #elseif arch(arm64)
      ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]
    #else
      []
    #endif
  }()

  /// The name Go, and so profile files, have for this machine.
  static let machine: String = {
    #if arch(x86_64)
      "amd64"
    #elseif arch(arm64)
      "arm64"
    #else
      ""
    #endif
  }()

  /// Every address family but two: AF_ALG (38) is a history of holes in the kernel's crypto, AF_VSOCK (40) knows no network namespace
  /// and reaches the hypervisor.
  ///
  /// The kernel takes the argument as an int, whatever is in the upper half of the register, and so do these: blocks of 0 to 63
  /// (AF_MAX is below) by a mask that leaves the upper half out.
  private static let socketRules: [SeccompSpec.Syscall] = [
    (block: 0, size: 32), (32, 4), (36, 2), (39, 1), (41, 1), (42, 2), (44, 4), (48, 16),
  ].map { (block: UInt64, size: UInt64) in
    SeccompSpec.Syscall(
      names: ["socket"], action: allow,
      args: [.init(index: 0, value: 0xFFFF_FFFF & ~(size - 1), valueTwo: block, op: "SCMP_CMP_MASKED_EQ")])
  }

  /// PER_LINUX, PER_LINUX32, both with UNAME26, and the question (0xffffffff). Others would turn off address randomisation.
  private static let personalityRules: [SeccompSpec.Syscall] = [0, 0x8, 0x2_0000, 0x2_0008, 0xFFFF_FFFF].map {
    when("personality", "SCMP_CMP_EQ", $0)
  }

  /// clone without any flag that makes a namespace. clone3 has its flags in memory, where a filter cannot look: ENOSYS makes the
  /// C library use clone.
  private static let forkingWithoutNamespaces: [SeccompSpec.Syscall] = [
    SeccompSpec.Syscall(
      names: ["clone"], action: allow,
      args: [.init(index: 0, value: namespaceFlags, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ")]),
    SeccompSpec.Syscall(names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: SeccompVocabulary.notImplemented),
  ]
  /// Without CLONE_NEWTIME, whose bit is part of clone's exit signal.
  private static let namespaceFlags =
    Kernel.newMount | Kernel.newCgroup | Kernel.newUTS | Kernel.newIPC | Kernel.newUser | Kernel.newPID | Kernel.newNetwork

  private static func when(_ name: String, _ comparison: String, _ value: UInt64) -> SeccompSpec.Syscall {
    SeccompSpec.Syscall(names: [name], action: allow, args: [.init(index: 0, value: value, op: comparison)])
  }
}
