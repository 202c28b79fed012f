/// Device rules as a BPF program (BPF_PROG_TYPE_CGROUP_DEVICE). Input: struct bpf_cgroup_dev_ctx {u32 access << 16 | type,
/// u32 major, u32 minor}; result in r0: 1 allows, 0 denies.
/// Source: linux/bpf.h, kernel Documentation/bpf/standardization/instruction-set.rst.
///
/// The last rule that matches a bit of the access decides it, so the rules are tested from the last to the first: a deny rule
/// ends with 0 when it covers a bit not decided yet, an allow rule takes its bits away and ends with 1 when none is left.
public enum DeviceProgram {
  /// struct bpf_insn values in host byte order; nil when everything is allowed and no program is needed.
  /// - Throws: `invalidArgument` for rules that name no device.
  public static func assemble(_ rules: [DeviceRule]) throws(CgroupError) -> [UInt64]? {
    var tests: [Test] = []
    for rule in rules { tests.append(try Test(rule)) }
    var program: [UInt64] = [
      instruction(.loadWord, .access, .context, offset: 0),
      instruction(.move, .type, .access),
      instruction(.shiftRight, .access, immediate: 16),
      instruction(.and, .type, immediate: 0xffff),
      instruction(.loadWord, .major, .context, offset: 4),
      instruction(.loadWord, .minor, .context, offset: 8),
    ]
    var isRestricted = false
    for test in tests.reversed() {
      if test.matchesEverything {
        // Earlier rules can decide nothing any more; the kernel refuses programs with unreachable code.
        if test.allow && !isRestricted { return nil }
        return program + end(test.allow)
      }
      if !test.allow { isRestricted = true }
      program += test.instructions
    }
    return program + end(false)
  }

  /// One rule, checked, in the kernel's numbers.
  private struct Test {
    let allow: Bool
    /// BPF_DEVCG_DEV_BLOCK 1, BPF_DEVCG_DEV_CHAR 2; nil: both.
    let type: Int32?
    let major: UInt32?
    let minor: UInt32?
    /// BPF_DEVCG_ACC_MKNOD 1, READ 2, WRITE 4.
    let access: Int32

    init(_ rule: DeviceRule) throws(CgroupError) {
      allow = rule.allow
      switch rule.type {
      case "a", "": type = nil
      case "b": type = 1
      case "c", "u": type = 2
      default: throw CgroupError(.invalidArgument, "device type \"\(rule.type)\" is not a, b or c")
      }
      major = try Self.number(rule.major)
      minor = try Self.number(rule.minor)
      var bits: Int32 = 0
      for letter in rule.access.utf8 {
        switch letter {
        case UInt8(ascii: "m"): bits |= 1
        case UInt8(ascii: "r"): bits |= 2
        case UInt8(ascii: "w"): bits |= 4
        default: throw CgroupError(.invalidArgument, "device access \"\(rule.access)\" is not made of r, w and m")
        }
      }
      access = bits == 0 ? 7 : bits
    }

    private static func number(_ value: Int64?) throws(CgroupError) -> UInt32? {
      guard let value, value >= 0 else { return nil }
      guard let number = UInt32(exactly: value) else {
        throw CgroupError(.invalidArgument, "device number \(value) is too large")
      }
      return number
    }

    var matchesEverything: Bool { type == nil && major == nil && minor == nil && access == 7 }

    var instructions: [UInt64] {
      let decision: [UInt64] =
        allow
        ? [
          instruction(.and, .access, immediate: ~access),
          instruction(.jumpUnlessEqual, .access, offset: 2, immediate: 0),
        ] + end(true)
        : [
          instruction(.jumpIfAnyBit, .access, offset: 1, immediate: access),
          instruction(.jump, .result, offset: 2),
        ] + end(false)
      var conditions: [(Register, Int32)] = []
      if let type { conditions.append((.type, type)) }
      if let major { conditions.append((.major, Int32(bitPattern: major))) }
      if let minor { conditions.append((.minor, Int32(bitPattern: minor))) }
      // Each condition that does not hold jumps behind the decision.
      return conditions.enumerated().map { index, condition in
        instruction(
          .jumpUnlessEqual, condition.0, offset: Int16(conditions.count - 1 - index + decision.count), immediate: condition.1)
      } + decision
    }
  }

  private enum Register: UInt64 {
    case result = 0
    case context, access, type, major, minor
  }

  /// Opcodes; arithmetic and comparisons of 32 bits.
  private enum Operation: UInt64 {
    case loadWord = 0x61
    case move = 0xbc
    case moveImmediate = 0xb4
    case and = 0x54
    case shiftRight = 0x74
    case jumpUnlessEqual = 0x56
    case jumpIfAnyBit = 0x46
    case jump = 0x05
    case exit = 0x95
  }

  private static func end(_ allow: Bool) -> [UInt64] {
    [instruction(.moveImmediate, .result, immediate: allow ? 1 : 0), instruction(.exit, .result)]
  }

  /// struct bpf_insn: u8 code, u4 destination, u4 source, s16 offset, s32 immediate (little endian hosts).
  private static func instruction(
    _ operation: Operation, _ destination: Register, _ source: Register = .result, offset: Int16 = 0, immediate: Int32 = 0
  ) -> UInt64 {
    operation.rawValue | destination.rawValue << 8 | source.rawValue << 12 | UInt64(UInt16(bitPattern: offset)) << 16
      | UInt64(UInt32(bitPattern: immediate)) << 32
  }
}
