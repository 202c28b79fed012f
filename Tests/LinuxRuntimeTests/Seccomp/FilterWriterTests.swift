import OCISpec
import Testing

@testable import LinuxRuntime

@Suite("A shortened filter says what the filter says") struct FilterWriterTests {
  private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 11 ^ state << 17
    }
  }
  private static let machines: [FilterEvaluator.Machine] = [.x86_64, .i386, .aarch64]
  private static let audited: [UInt32] = [0xC000_003E, 0x4000_0003]

  @Test(
    "the default profile needs a third of the instructions, whatever the capabilities", arguments: [[String](), ["CAP_SYS_ADMIN"]])
  func lengths(_ capabilities: [String]) throws {
    var spec = SeccompProfile.runtimeDefault(capabilities: capabilities)
    spec.architectures = SeccompCompilerTests.architectures
    let long = try SeccompCompiler.filter(spec, asTree: true).program
    let short = try SeccompCompiler().compile(spec)
    #expect(short.count * 3 < long.count, "\(short.count / 8) of \(long.count / 8)")
  }

  @Test("profiles with random rules about random arguments", arguments: 1...12)
  func randomProfiles(_ seed: Int) throws {
    var random = Numbers(state: UInt64(seed))
    let actions = ["SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_LOG", "SCMP_ACT_TRAP", "SCMP_ACT_KILL"]
    let names = ["read", "write", "socket", "clone", "ioctl", "personality", "prctl", "mmap", "fcntl", "openat2", "futex", "dup3"]
    let comparisons = [
      "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",
    ]
    let values: [UInt64] = [0, 1, 2, 17, 0xFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x1_0000_0000, 0x1_0000_0001, .max]
    var spec = SeccompSpec(defaultAction: actions.randomElement(using: &random)!, syscalls: [])
    spec.architectures = SeccompCompilerTests.architectures
    for name in names {
      guard Bool.random(using: &random) else { continue }
      let action = actions.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        let arguments = (0..<Int.random(in: 0...3, using: &random)).map { index in
          SeccompSpec.Argument(
            index: UInt32(index), value: values.randomElement(using: &random)!, valueTwo: values.randomElement(using: &random)!,
            op: comparisons.randomElement(using: &random)!)
        }
        spec.syscalls?.append(.init(names: [name], action: action, args: arguments))
      }
    }
    let (program, architectures, _) = try SeccompCompiler.filter(spec, asTree: seed.isMultiple(of: 2))
    let long = FilterEvaluator(program: program)
    let short = FilterEvaluator(program: FilterWriter.shortened(program, architectures: architectures))
    let numbers =
      Array(stride(from: 0, to: 470, by: 3) as StrideTo<UInt32>) + [
        0x4000_0000, 0x4000_0029, 0x4000_0208, 0x3FFF_FFFF, 0x8000_0000, 0xC000_0001, .max,
      ]
    for machine in Self.machines {
      for number in numbers {
        for _ in 0..<4 {
          let arguments = (0..<3).map { _ in values.randomElement(using: &random)! }
          let (expected, actual) = (
            try long.verdict(number, arguments, machine: machine), try short.verdict(number, arguments, machine: machine)
          )
          if actual != expected { Issue.record("\(machine) \(number)\(arguments): \(actual), not \(expected)") }
        }
      }
    }
  }

  @Test("random programs, long enough for jumps that a comparison cannot make", arguments: 1...16)
  func randomPrograms(_ seed: Int) throws {
    var random = Numbers(state: UInt64(seed) << 20)
    let length = seed.isMultiple(of: 4) ? 1000 : 60
    var program = BPFProgram()
    for position in 0..<length {
      let room = min(length - position, 200)
      let value = UInt32.random(in: 0..<24, using: &random)
      switch Int.random(in: 0..<12, using: &random) {
      case 0: program.load(4)
      case 1, 2: program.load(0)
      case 3: program.load(16)
      case 4: program.load(24)
      case 5: program.jump(Int.random(in: 0..<min(room, 4), using: &random))
      case 6: program.answer(SeccompVocabulary.errno(value))
      case 7: program.skip(ifEqualTo: Self.audited.randomElement(using: &random)!, Int.random(in: 0..<min(room, 8), using: &random))
      case 8: program.skip(ifAtLeast: value, Int.random(in: 0..<room, using: &random))
      case 9: program.skip(unlessGreaterThan: value, Int.random(in: 0..<min(room, 3), using: &random))
      default: program.skip(unlessEqualTo: value, Int.random(in: 0..<min(room, 3), using: &random))
      }
    }
    program.answer(SeccompVocabulary.allow)
    let long = FilterEvaluator(program: program.bytes)
    let short = FilterEvaluator(program: FilterWriter.shortened(program.bytes, architectures: Self.audited))
    for machine in Self.machines {
      for number in UInt32(0)..<28 {
        for first in stride(from: 0, to: 26, by: 3) as StrideTo<UInt64> {
          for second in [0, 11, 23] as [UInt64] {
            let (expected, actual) = (
              try long.verdict(number, [first, second], machine: machine),
              try short.verdict(number, [first, second], machine: machine)
            )
            if actual != expected { Issue.record("\(machine) \(number)(\(first), \(second)): \(actual), not \(expected)") }
          }
        }
      }
    }
  }

  @Test("what ranges of numbers cannot say stays as it is")
  func unsuitable() {
    var bits = BPFProgram()
    bits.load(0)
    bits.and(1)
    bits.skip(ifEqualTo: 1, 1)
    bits.answer(SeccompVocabulary.allow)
    bits.answer(0)
    #expect(FilterWriter.shortened(bits.bytes, architectures: Self.audited) == bits.bytes)
    // An architecture the caller does not know of.
    var other = BPFProgram()
    other.load(4)
    other.skip(ifEqualTo: 7, 1)
    other.answer(SeccompVocabulary.allow)
    other.answer(0)
    #expect(FilterWriter.shortened(other.bytes, architectures: Self.audited) == other.bytes)
    #expect(FilterWriter.shortened([0x99, 0, 0, 0, 0, 0, 0, 0], architectures: Self.audited) == [0x99, 0, 0, 0, 0, 0, 0, 0])
  }
}
