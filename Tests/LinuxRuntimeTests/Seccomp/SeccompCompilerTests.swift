import LinuxRuntime
import OCISpec
import Testing

/// Numbers are those of x86-64; the filters are compiled for it whatever machine the test runs on.
@Suite("Compiling a seccomp profile") struct SeccompCompilerTests {
  static let architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]

  private func filter(
    _ rules: [SeccompSpec.Syscall], otherwise action: String = "SCMP_ACT_ERRNO", errno: UInt32? = nil
  ) throws -> FilterEvaluator {
    let spec = SeccompSpec(defaultAction: action, defaultErrnoRet: errno, architectures: Self.architectures, syscalls: rules)
    return FilterEvaluator(program: try SeccompCompiler().compile(spec))
  }

  @Test("rules allow and deny by name, with their own error number")
  func names() throws {
    let filter = try filter(
      [
        .init(names: ["read", "write"], action: "SCMP_ACT_ALLOW"), .init(names: ["chmod"], action: "SCMP_ACT_ERRNO", errnoRet: 30),
        .init(names: ["reboot"], action: "SCMP_ACT_KILL_PROCESS"), .init(names: ["mount"], action: "SCMP_ACT_LOG"),
        .init(names: ["swapon"], action: "SCMP_ACT_TRAP"),
      ], errno: 13)
    #expect(try filter.verdict(0) == .allow)
    #expect(try filter.verdict(1) == .allow)
    #expect(try filter.verdict(90) == .errno(30))
    #expect(try filter.verdict(169) == .kill)
    #expect(try filter.verdict(165) == .log)
    #expect(try filter.verdict(167) == .trap)
    #expect(try filter.verdict(2) == .errno(13))
  }

  @Test("a name means another number on another architecture, and an architecture that is not listed is killed")
  func architectures() throws {
    let filter = try filter([.init(names: ["read"], action: "SCMP_ACT_ALLOW")])
    #expect(try filter.verdict(3, machine: .i386) == .allow)
    #expect(try filter.verdict(0, machine: .i386) == .errno(1))
    #expect(try filter.verdict(0x4000_0000) == .allow)
    #if !arch(arm64)
      #expect(try filter.verdict(63, machine: .aarch64) == .kill)
    #endif
  }

  struct Comparison: Sendable, CustomTestStringConvertible {
    var op: String
    var value: UInt64
    var second: UInt64?
    var allowed: [UInt64]
    var denied: [UInt64]
    var testDescription: String { op }
  }

  @Test(
    "an argument is compared with all its 64 bits",
    arguments: [
      Comparison(op: "SCMP_CMP_EQ", value: 5, allowed: [5], denied: [4, 6, 5 | 1 << 32]),
      Comparison(op: "SCMP_CMP_NE", value: 5, allowed: [4, 1 << 32 | 5], denied: [5]),
      Comparison(op: "SCMP_CMP_LT", value: 5, allowed: [0, 4], denied: [5, 6, 1 << 32]),
      Comparison(op: "SCMP_CMP_LE", value: 5, allowed: [5], denied: [6]),
      Comparison(op: "SCMP_CMP_GT", value: 5, allowed: [6, 1 << 32], denied: [5, 4]),
      Comparison(op: "SCMP_CMP_GE", value: 5, allowed: [5, 6], denied: [4]),
      Comparison(op: "SCMP_CMP_MASKED_EQ", value: 0xF0, second: 0x20, allowed: [0x20, 0x2F, 0x120], denied: [0x30, 0]),
    ])
  func comparisons(_ table: Comparison) throws {
    let filter = try filter([
      .init(
        names: ["fcntl"], action: "SCMP_ACT_ALLOW",
        args: [.init(index: 1, value: table.value, valueTwo: table.second, op: table.op)])
    ])
    for value in table.allowed { #expect(try filter.verdict(72, [0, value]) == .allow, "\(value)") }
    for value in table.denied { #expect(try filter.verdict(72, [0, value]) == .errno(1), "\(value)") }
  }

  @Test("comparisons of different arguments must all hold, of the same argument any")
  func conjunction() throws {
    let both = try filter([
      .init(
        names: ["fcntl"], action: "SCMP_ACT_ALLOW",
        args: [.init(index: 0, value: 1, op: "SCMP_CMP_EQ"), .init(index: 1, value: 2, op: "SCMP_CMP_EQ")])
    ])
    #expect(try both.verdict(72, [1, 2]) == .allow)
    #expect(try both.verdict(72, [1, 3]) == .errno(1))
    #expect(try both.verdict(72, [0, 2]) == .errno(1))
    let any = try filter([
      .init(
        names: ["fcntl"], action: "SCMP_ACT_ALLOW",
        args: [.init(index: 0, value: 1, op: "SCMP_CMP_EQ"), .init(index: 0, value: 2, op: "SCMP_CMP_EQ")])
    ])
    #expect(try any.verdict(72, [1]) == .allow)
    #expect(try any.verdict(72, [2]) == .allow)
    #expect(try any.verdict(72, [3]) == .errno(1))
  }

  @Test("calls younger than the youngest named one do not exist, so that C libraries fall back")
  func newCalls() throws {
    let filter = try filter([.init(names: ["read", "openat2"], action: "SCMP_ACT_ALLOW")])
    #expect(try filter.verdict(437) == .allow)
    #expect(try filter.verdict(436) == .errno(1))
    #expect(try filter.verdict(438) == .errno(38))
    #expect(try filter.verdict(452) == .errno(38))
    #expect(try filter.verdict(452, machine: .i386) == .errno(38))
    #expect(try filter.verdict(0x4000_0000 | 452) == .errno(38))
    #expect(try filter.verdict(5000) == .errno(1))
    // What a tracer makes of a call it cancels.
    #expect(try filter.verdict(UInt32.max) == .errno(1))
    let open = try self.filter([.init(names: ["chmod"], action: "SCMP_ACT_ERRNO")], otherwise: "SCMP_ACT_ALLOW")
    #expect(try open.verdict(452) == .allow)
    #expect(try open.verdict(90) == .errno(1))
  }

  @Test("a call libseccomp is too old to know obeys its rule")
  func unknownToLibrary() throws {
    let allowed = try filter([.init(names: ["read", "fchmodat2", "file_setattr"], action: "SCMP_ACT_ALLOW")])
    #expect(try allowed.verdict(452) == .allow)
    #expect(try allowed.verdict(452, machine: .i386) == .allow)
    #expect(try allowed.verdict(469) == .allow)
    #expect(try allowed.verdict(470) == .errno(38))
    #expect(try allowed.verdict(0) == .allow)
    let denied = try filter([.init(names: ["file_setattr"], action: "SCMP_ACT_ERRNO", errnoRet: 95)], otherwise: "SCMP_ACT_ALLOW")
    #expect(try denied.verdict(469) == .errno(95))
    #expect(try denied.verdict(468) == .allow)
    #expect(try denied.verdict(470) == .allow)
  }

  @Test("names nobody knows are skipped and counted")
  func skipped() throws {
    let spec = SeccompSpec(
      defaultAction: "SCMP_ACT_ERRNO", flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"],
      syscalls: [
        .init(names: ["read", "frobnicate", "no_such_call"], action: "SCMP_ACT_ALLOW"),
        .init(names: ["frobnicate"], action: "SCMP_ACT_LOG"),
      ])
    let result = try SeccompCompiler().result(of: spec)
    #expect(result.skipped == ["frobnicate", "no_such_call"])
    #expect(result.flags == 2)
    #expect(result.program.count % 8 == 0)
  }

  @Test("the same profile is compiled once, a changed one anew")
  func cache() throws {
    let compiler = SeccompCompiler()
    let first = SeccompProfile.runtimeDefault(capabilities: [])
    let clock = ContinuousClock()
    let cold = try clock.measure { _ = try compiler.compile(first) }
    let warm = try clock.measure { _ = try compiler.compile(SeccompProfile.runtimeDefault(capabilities: [])) }
    #expect(warm < cold)
    #expect(try compiler.compile(first) == SeccompCompiler().compile(first))
    #expect(try compiler.compile(first) != compiler.compile(SeccompProfile.runtimeDefault(capabilities: ["CAP_SYS_ADMIN"])))
  }

  @Test(
    "a profile with a word nobody knows is refused with its place",
    arguments: [
      (SeccompSpec(defaultAction: "SCMP_ACT_MAYBE"), "defaultAction: 'SCMP_ACT_MAYBE' is not an action"),
      (SeccompSpec(defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1), "defaultAction: SCMP_ACT_ALLOW takes no errnoRet"),
      (SeccompSpec(defaultAction: "SCMP_ACT_ALLOW", architectures: ["X86"]), "architectures[0]: 'X86' is not an architecture"),
      (
        SeccompSpec(defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_VAX"]),
        "does not know the architecture SCMP_ARCH_VAX"
      ),
      (SeccompSpec(defaultAction: "SCMP_ACT_ALLOW", flags: ["FAST"]), "flags[0]: 'FAST'"),
      (
        SeccompSpec(defaultAction: "SCMP_ACT_ALLOW", syscalls: [.init(names: ["read"], action: "SCMP_ACT_NOTIFY")]),
        "syscalls[0].action: SCMP_ACT_NOTIFY is not supported"
      ),
      (
        SeccompSpec(
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [.init(names: ["read"], action: "SCMP_ACT_KILL", args: [.init(index: 6, value: 0, op: "SCMP_CMP_EQ")])]),
        "syscalls[0].args[0].index: a system call has arguments 0 to 5, not 6"
      ),
      (
        SeccompSpec(
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [.init(names: ["read"], action: "SCMP_ACT_KILL", args: [.init(index: 0, value: 0, op: "==")])]),
        "syscalls[0].args[0].op: '==' is not a comparison"
      ),
    ])
  func refused(_ spec: SeccompSpec, _ text: String) {
    let error = #expect(throws: LinuxRuntimeError.self) { try SeccompCompiler().compile(spec) }
    #expect(error?.code == .seccomp)
    #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
  }

  @Test("a profile of very many rules is refused before the library is asked about each")
  func tooMany() {
    let arguments = [SeccompSpec.Argument](repeating: .init(index: 0, value: 1, op: "SCMP_CMP_EQ"), count: 5000)
    let spec = SeccompSpec(
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [.init(names: Array(repeating: "read", count: 400), action: "SCMP_ACT_KILL", args: arguments)])
    #expect(throws: LinuxRuntimeError.self) { try SeccompCompiler().compile(spec) }
  }
}
