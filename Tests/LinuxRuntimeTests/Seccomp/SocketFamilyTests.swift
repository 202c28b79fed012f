import OCISpec
import Testing

@testable import LinuxRuntime

/// The kernel cuts the family to an int: what the upper half of the register says changes nothing.
@Suite("Address families of the default seccomp profile") struct SocketFamilyTests {
  private static let denied: Set<UInt64> = [38, 40]

  private static func filter() throws -> FilterEvaluator {
    var spec = SeccompProfile.runtimeDefault(capabilities: [])
    spec.architectures = SeccompCompilerTests.architectures
    return FilterEvaluator(program: try SeccompCompiler().compile(spec))
  }

  @Test(
    "every family but AF_ALG and AF_VSOCK, on x86-64, x32 and i386, whatever the upper half is", arguments: [0, 1, 0xFFFF_FFFF])
  func families(_ upper: UInt64) throws {
    let filter = try Self.filter()
    for family in UInt64(0)..<64 {
      let expected: FilterEvaluator.Verdict = Self.denied.contains(family) ? .errno(1) : .allow
      for number in [41, 0x4000_0000 | 41] as [UInt32] {
        #expect(try filter.verdict(number, [family | upper << 32]) == expected, "\(number) \(family)")
      }
      #expect(try filter.verdict(359, [family], machine: .i386) == expected, "i386 \(family)")
    }
  }

  @Test("socketcall of i386 makes no socket, as its family is in memory; what uses sockets is allowed")
  func socketCall() throws {
    let filter = try Self.filter()
    #expect(try filter.verdict(102, [1], machine: .i386) == .errno(1))
    for call in UInt64(2)...20 { #expect(try filter.verdict(102, [call], machine: .i386) == .allow, "\(call)") }
  }

  @Test("a profile that names socketcall, or socket without a condition, has it")
  func named() throws {
    for name in ["socketcall", "socket"] {
      let spec = SeccompSpec(
        defaultAction: "SCMP_ACT_ERRNO", architectures: SeccompCompilerTests.architectures,
        syscalls: [
          .init(names: [name], action: "SCMP_ACT_ALLOW"),
          .init(names: ["socket"], action: "SCMP_ACT_ALLOW", args: [.init(index: 0, value: 1, op: "SCMP_CMP_EQ")]),
        ])
      let filter = FilterEvaluator(program: try SeccompCompiler().compile(spec))
      #expect(try filter.verdict(102, [1], machine: .i386) == .allow, "\(name)")
    }
  }
}
