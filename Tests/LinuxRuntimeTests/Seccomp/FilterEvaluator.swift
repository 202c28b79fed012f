/// Runs a classic BPF program over one `struct seccomp_data`, as the kernel would. Source: linux/filter.h, linux/seccomp.h.
struct FilterEvaluator {
  enum Machine: UInt32 {
    case x86_64 = 0xC000_003E
    case i386 = 0x4000_0003
    case aarch64 = 0xC000_00B7
  }
  enum Verdict: Equatable, CustomStringConvertible {
    case allow, kill, log, trap
    case errno(UInt32)
    case other(UInt32)

    init(_ value: UInt32) {
      switch value & 0xFFFF_0000 {
      case 0x7FFF_0000: self = .allow
      case 0x7FFC_0000: self = .log
      case 0x0003_0000: self = .trap
      case 0, 0x8000_0000: self = .kill
      case 0x0005_0000: self = .errno(value & 0xFFFF)
      default: self = .other(value)
      }
    }
    var description: String {
      switch self {
      case .allow: "allow"
      case .kill: "kill"
      case .log: "log"
      case .trap: "trap"
      case .errno(let code): "errno \(code)"
      case .other(let value): "\(value)"
      }
    }
  }
  struct Broken: Error {
    var position: Int
    var code: UInt16
  }

  private typealias Instruction = (code: UInt16, ifTrue: Int, ifFalse: Int, value: UInt32)
  private let program: [Instruction]

  init(program bytes: [UInt8]) {
    program = stride(from: 0, to: bytes.count - 7, by: 8).map { start in
      let value = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + 4 + $1]) << UInt32($1 * 8) }
      return (UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8, Int(bytes[start + 2]), Int(bytes[start + 3]), value)
    }
  }

  func verdict(_ number: UInt32, _ arguments: [UInt64] = [], machine: Machine = .x86_64) throws -> Verdict {
    var steps = 0
    return try verdict(number, arguments, machine: machine, steps: &steps)
  }

  /// - Parameter steps: grows by the instructions that ran.
  func verdict(
    _ number: UInt32, _ arguments: [UInt64], machine: Machine = .x86_64, steps: inout Int
  ) throws -> Verdict {
    var words = [number, machine.rawValue, 0, 0]
    for index in 0..<6 {
      let value = index < arguments.count ? arguments[index] : 0
      words += [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]
    }
    var accumulator: UInt32 = 0
    var position = 0
    while position < program.count {
      let (code, ifTrue, ifFalse, value) = program[position]
      position += 1
      steps += 1
      func branch(_ condition: Bool) { position += condition ? ifTrue : ifFalse }
      switch code {
      case 0x20 where value % 4 == 0 && value / 4 < 16: accumulator = words[Int(value / 4)]
      case 0x54: accumulator &= value
      case 0x05: position += Int(value)
      case 0x15: branch(accumulator == value)
      case 0x25: branch(accumulator > value)
      case 0x35: branch(accumulator >= value)
      case 0x45: branch(accumulator & value != 0)
      case 0x06: return Verdict(value)
      default: throw Broken(position: position - 1, code: code)
      }
    }
    throw Broken(position: position, code: 0)
  }
}
