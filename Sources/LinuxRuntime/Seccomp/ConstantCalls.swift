import CLibSeccomp

/// Puts a table of number ranges before a filter, for the calls whose answer does not depend on arguments. Loading a filter costs time
/// in proportion to its length twice over: the kernel compiles it, and runs it once for every call number to learn which are always
/// allowed. A table of ranges is short where libseccomp compares number by number.
struct ConstantCalls {
  /// The machine's ordinary calls, and those with the x32 bit.
  private static let numbers: [Range<UInt32>] = [0..<512, 0x4000_0000..<0x4000_0228]

  /// AUDIT_ARCH_X86_64.
  private static let x86_64: UInt32 = 0xC000_003E

  /// Whether a rule for this call without conditions is in the table on every architecture. libseccomp numbers a call from -100 to -300
  /// where it is one of the many in socketcall(2) or ipc(2), told by an argument; below that where it does not exist.
  static func covers(_ name: String, _ architectures: [UInt32]) -> Bool {
    architectures.allSatisfy { architecture in
      let number = unsafe seccomp_syscall_resolve_name_arch(architecture, name)
      if number < 0 { return number < -1000 }
      return numbers.contains { $0.contains(UInt32(number)) }
    }
  }

  private struct Instruction {
    var code: UInt16
    var ifTrue: Int
    var ifFalse: Int
    var value: UInt32
  }
  private let instructions: [Instruction]

  /// `program`: the filter that is right about every call.
  init(_ program: [UInt8]) {
    instructions = stride(from: 0, to: program.count - 7, by: 8).map { start in
      var value: UInt32 = 0
      for byte in 0..<4 { value |= UInt32(program[start + 4 + byte]) << UInt32(byte * 8) }
      return Instruction(
        code: UInt16(program[start]) | UInt16(program[start + 1]) << 8, ifTrue: Int(program[start + 2]),
        ifFalse: Int(program[start + 3]),
        value: value)
    }
  }

  /// The whole filter: the table, then `conditional`, a filter that is right about every call the table does not answer.
  /// - Parameter machines: AUDIT_ARCH numbers.
  func table(machines: [UInt32], before conditional: [UInt8]) -> [UInt8] {
    var result = BPFProgram()
    var blocks: [(machine: UInt32, block: BPFProgram)] = []
    var rest = 0
    for machine in machines.reversed() {
      let block = block(machine, distanceToEnd: rest)
      blocks.insert((machine, block), at: 0)
      rest += block.count + 2
    }
    result.load(4)
    for (machine, block) in blocks {
      result.skip(ifEqualTo: machine, 1)
      result.jump(block.count)
      result.append(block)
    }
    return result.bytes + conditional
  }

  private func block(_ machine: UInt32, distanceToEnd rest: Int) -> BPFProgram {
    var ranges: [(last: UInt32, answer: UInt32?)] = []
    func add(_ last: UInt32, _ answer: UInt32?) {
      if let previous = ranges.last, previous.answer == answer {
        ranges[ranges.count - 1].last = last
      } else {
        ranges.append((last, answer))
      }
    }
    for range in Self.numbers where range.lowerBound == 0 || machine == Self.x86_64 {
      if range.lowerBound > 0 { add(range.lowerBound - 1, nil) }
      for number in range { add(number, answer(number, machine)) }
    }
    if ranges.last?.answer == nil { ranges.removeLast() }
    var block = BPFProgram()
    block.load(0)
    for (index, range) in ranges.enumerated() {
      block.skip(ifGreaterThan: range.last, 1)
      if let answer = range.answer { block.answer(answer) } else { block.jump((ranges.count - 1 - index) * 2 + 1 + rest) }
    }
    block.jump(rest)
    return block
  }

  /// What the filter says of a call, whatever its arguments are; nil when it looks at them.
  private func answer(_ number: UInt32, _ machine: UInt32) -> UInt32? {
    var accumulator: UInt32 = 0
    var position = 0
    while position < instructions.count {
      let instruction = instructions[position]
      let value = instruction.value
      position += 1
      switch instruction.code {
      case 0x20 where value == 0: accumulator = number
      case 0x20 where value == 4: accumulator = machine
      case 0x54: accumulator &= value
      case 0x05: position += Int(value)
      case 0x15: position += accumulator == value ? instruction.ifTrue : instruction.ifFalse
      case 0x25: position += accumulator > value ? instruction.ifTrue : instruction.ifFalse
      case 0x35: position += accumulator >= value ? instruction.ifTrue : instruction.ifFalse
      case 0x45: position += accumulator & value != 0 ? instruction.ifTrue : instruction.ifFalse
      case 0x06: return value
      default: return nil
      }
    }
    return nil
  }
}
