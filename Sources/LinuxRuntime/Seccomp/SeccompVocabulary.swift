import OCISpec

/// The words of a seccomp profile as the kernel's and libseccomp's numbers.
/// Sources: runtime-spec config-linux.md "Seccomp"; seccomp(2), linux/audit.h.
enum SeccompVocabulary {
  static let allow: UInt32 = 0x7FFF_0000
  static func errno(_ code: UInt32) -> UInt32 { 0x0005_0000 | code & 0xFFFF }
  static let notPermitted: UInt32 = 1
  static let notImplemented: UInt32 = 38

  /// The value a filter returns, e.g. SECCOMP_RET_ERRNO with its code. nil: not a word of the specification.
  static func action(_ name: String, errno code: UInt32?) -> UInt32? {
    switch name {
    case "SCMP_ACT_ALLOW": allow
    case "SCMP_ACT_ERRNO": errno(code ?? notPermitted)
    case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": 0
    case "SCMP_ACT_KILL_PROCESS": 0x8000_0000
    case "SCMP_ACT_TRAP": 0x0003_0000
    case "SCMP_ACT_TRACE": 0x7FF0_0000 | (code ?? notPermitted) & 0xFFFF
    case "SCMP_ACT_LOG": 0x7FFC_0000
    case "SCMP_ACT_NOTIFY": 0x7FC0_0000
    default: nil
    }
  }

  static func takesErrno(_ action: String) -> Bool { action == "SCMP_ACT_ERRNO" || action == "SCMP_ACT_TRACE" }

  /// Whether the action keeps the call from being made.
  static func denies(_ action: UInt32) -> Bool {
    switch action & 0xFFFF_0000 {
    case 0, 0x8000_0000, 0x0003_0000, 0x0005_0000: true
    default: false
    }
  }

  /// libseccomp's `enum scmp_compare`.
  static let comparisons: [String: UInt32] = [
    "SCMP_CMP_NE": 1, "SCMP_CMP_LT": 2, "SCMP_CMP_LE": 3, "SCMP_CMP_EQ": 4, "SCMP_CMP_GE": 5, "SCMP_CMP_GT": 6,
    "SCMP_CMP_MASKED_EQ": 7,
  ]

  /// libseccomp's name of an architecture: `SCMP_ARCH_X86_64` -> `x86_64`.
  static func architecture(_ name: String) -> String? {
    let prefix = "SCMP_ARCH_"
    return name.hasPrefix(prefix) ? name.dropFirst(prefix.count).lowercased() : nil
  }

  /// Flags of seccomp(2). TSYNC has no meaning for a process with one thread.
  static let flags: [String: UInt32] = [
    "SECCOMP_FILTER_FLAG_TSYNC": 0, "SECCOMP_FILTER_FLAG_LOG": 2, "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 4,
  ]

  /// Names times comparisons of a whole profile: each is a call of libseccomp.
  static let maximumRules = 20_000

  /// Reports the first thing a profile says that has no meaning, as (JSON path, what is wrong with it).
  static func complaint(_ spec: SeccompSpec) -> (path: String, problem: String)? {
    if let problem = problem(spec.defaultAction, spec.defaultErrnoRet) { return ("defaultAction", problem) }
    for (index, name) in (spec.architectures ?? []).enumerated() where architecture(name) == nil {
      return ("architectures[\(index)]", "'\(name)' is not an architecture (SCMP_ARCH_...)")
    }
    for (index, name) in (spec.flags ?? []).enumerated() where flags[name] == nil {
      return ("flags[\(index)]", "'\(name)' is not a supported flag")
    }
    var amount = 0
    for (index, rule) in (spec.syscalls ?? []).enumerated() {
      let path = "syscalls[\(index)]"
      amount += rule.names.count * max(1, rule.args?.count ?? 0)
      if amount > maximumRules { return (path, "more than \(maximumRules) rules: a filter has room for 4096 instructions") }
      if let problem = problem(rule.action, rule.errnoRet) { return (path + ".action", problem) }
      if rule.names.isEmpty { return (path + ".names", "no system call is named") }
      for (number, argument) in (rule.args ?? []).enumerated() {
        if argument.index > 5 {
          return ("\(path).args[\(number)].index", "a system call has arguments 0 to 5, not \(argument.index)")
        }
        if comparisons[argument.op] == nil {
          return ("\(path).args[\(number)].op", "'\(argument.op)' is not a comparison (SCMP_CMP_...)")
        }
      }
    }
    return nil
  }

  private static func problem(_ action: String, _ code: UInt32?) -> String? {
    guard self.action(action, errno: nil) != nil else { return "'\(action)' is not an action (SCMP_ACT_...)" }
    if action == "SCMP_ACT_NOTIFY" { return "SCMP_ACT_NOTIFY is not supported: there is no listener to notify" }
    if code != nil, !takesErrno(action) { return "\(action) takes no errnoRet" }
    if let code, code > 4095 { return "errnoRet \(code) is not an error number" }
    return nil
  }
}
