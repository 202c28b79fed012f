import Testing

@testable import Cgroups

@Suite("Device rules as a BPF program") struct DeviceProgramTests {
  /// What the container engines allow beside mknod of everything: null, pts/*, and for one test a denied minor of it.
  static let container = [
    DeviceRule(allow: false), DeviceRule(allow: true, type: "c", access: "m"), DeviceRule(allow: true, type: "b", access: "m"),
    DeviceRule(allow: true, type: "c", major: 1, minor: 3), DeviceRule(allow: true, type: "c", major: 136, minor: -1),
    DeviceRule(allow: false, type: "c", major: 136, minor: 7, access: "w"),
    DeviceRule(allow: true, type: "b", major: 8, minor: 0, access: "r"),
  ]

  @Test(
    "allows what the last matching rule allows",
    arguments: [
      ("c", 1, 3, "rw", true), ("c", 1, 3, "rwm", true), ("c", 1, 5, "r", false), ("c", 1, 5, "m", true), ("c", 1, 5, "rm", false),
      ("b", 1, 3, "r", false), ("b", 9, 9, "m", true), ("c", 136, 0, "rw", true), ("c", 136, 7, "r", true),
      ("c", 136, 7, "w", false),
      ("c", 136, 7, "rw", false), ("b", 8, 0, "r", true), ("b", 8, 0, "w", false), ("b", 8, 0, "rw", false),
      ("b", 8, 0, "rm", true),
      ("b", 8, 1, "r", false),
    ] as [(String, UInt32, UInt32, String, Bool)])
  func allows(type: String, major: UInt32, minor: UInt32, access: String, expected: Bool) throws {
    let program = try #require(try DeviceProgram.assemble(Self.container))
    #expect(Evaluator.run(program, type: type, major: major, minor: minor, access: access) == expected)
  }

  @Test("agrees with the rules read one by one, for every small access")
  func exhaustive() throws {
    let lists = [
      Self.container, [], [DeviceRule(allow: true), DeviceRule(allow: false, type: "b")],
      [DeviceRule(allow: true), DeviceRule(allow: false, major: 1, access: "w"), DeviceRule(allow: true, minor: 3)],
      [
        DeviceRule(allow: false), DeviceRule(allow: true, type: "c", major: 1, access: "r"),
        DeviceRule(allow: true, minor: 3, access: "w"),
      ],
      [DeviceRule(allow: true), DeviceRule(allow: false)],
    ]
    for rules in lists {
      let program = try #require(try DeviceProgram.assemble(rules))
      for type in ["b", "c"] {
        for major in [0, 1, 8, 136] as [UInt32] {
          for minor in [0, 3, 7] as [UInt32] {
            for access in ["r", "w", "m", "rw", "rm", "wm", "rwm"] {
              let expected = Self.reference(rules, type, major, minor, access)
              #expect(Evaluator.run(program, type: type, major: major, minor: minor, access: access) == expected)
            }
          }
        }
      }
    }
  }

  @Test(
    "is not needed when everything is allowed",
    arguments: [
      [DeviceRule(allow: true)], [DeviceRule(allow: false), DeviceRule(allow: true, type: "a", major: -1, minor: -1, access: "")],
      [DeviceRule(allow: true), DeviceRule(allow: true, type: "c", major: 1)],
    ])
  func allowAll(rules: [DeviceRule]) throws { #expect(try DeviceProgram.assemble(rules) == nil) }

  @Test("Rules before one that matches everything are left out: the kernel refuses unreachable code")
  func unreachable() throws {
    #expect(try DeviceProgram.assemble([DeviceRule(allow: true, type: "c", major: 1), DeviceRule(allow: false)])?.count == 8)
  }

  @Test(
    "is refused for rules that name no device",
    arguments: [
      DeviceRule(allow: true, type: "x"), DeviceRule(allow: true, access: "rx"), DeviceRule(allow: true, major: 1 << 32),
    ])
  func refused(rule: DeviceRule) {
    #expect { try DeviceProgram.assemble([rule]) } throws: { ($0 as? CgroupError)?.code == .invalidArgument }
  }

  /// The definition: for each bit of the access the last rule that matches it decides; without one it is denied.
  private static func reference(_ rules: [DeviceRule], _ type: String, _ major: UInt32, _ minor: UInt32, _ access: String) -> Bool {
    access.allSatisfy { bit in
      rules.last {
        ($0.type == "a" || $0.type == type) && ($0.major ?? -1 < 0 || $0.major == Int64(major))
          && ($0.minor ?? -1 < 0 || $0.minor == Int64(minor)) && $0.access.contains(bit)
      }?.allow ?? false
    }
  }
}

/// Runs the few instructions of device programs; written from the instruction set's description, not from the assembler.
private enum Evaluator {
  static func run(_ program: [UInt64], type: String, major: UInt32, minor: UInt32, access: String) -> Bool? {
    let bits = access.reduce(UInt32(0)) { $0 | ($1 == "m" ? 1 : $1 == "r" ? 2 : 4) }
    let context = [bits << 16 | (type == "b" ? 1 : 2), major, minor]
    var registers = [UInt32](repeating: 0xdead_beef, count: 11)
    var position = 0
    for _ in 0..<10_000 {
      guard program.indices.contains(position) else { return nil }
      let instruction = program[position]
      let (destination, source) = (Int(instruction >> 8 & 0xf), Int(instruction >> 12 & 0xf))
      let offset = Int(Int16(truncatingIfNeeded: instruction >> 16))
      let immediate = UInt32(truncatingIfNeeded: instruction >> 32)
      position += 1
      switch UInt8(truncatingIfNeeded: instruction) {
      case 0x61:  // BPF_LDX | BPF_MEM | BPF_W
        guard source == 1, offset % 4 == 0, context.indices.contains(offset / 4) else { return nil }
        registers[destination] = context[offset / 4]
      case 0xbc: registers[destination] = registers[source]  // BPF_ALU | BPF_MOV | BPF_X
      case 0xb4: registers[destination] = immediate  // BPF_ALU | BPF_MOV | BPF_K
      case 0x54: registers[destination] &= immediate  // BPF_ALU | BPF_AND | BPF_K
      case 0x74: registers[destination] >>= immediate  // BPF_ALU | BPF_RSH | BPF_K
      case 0x56: if registers[destination] != immediate { position += offset }  // BPF_JMP32 | BPF_JNE | BPF_K
      case 0x46: if registers[destination] & immediate != 0 { position += offset }  // BPF_JMP32 | BPF_JSET | BPF_K
      case 0x05: position += offset  // BPF_JMP | BPF_JA
      case 0x95: return registers[0] <= 1 ? registers[0] == 1 : nil  // BPF_JMP | BPF_EXIT
      default: return nil
      }
    }
    return nil
  }
}
