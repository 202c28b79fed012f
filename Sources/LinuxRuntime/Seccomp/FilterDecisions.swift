/// What a seccomp filter decides for each system call number of each architecture: an action, or, where it depends on the call's
/// arguments, the tests of them that are left when number and architecture are known.
///
/// A filter looks at three things: the number, the architecture and the arguments. Running it with the first two known and the third
/// unknown leaves just what is about arguments. Equal decisions are one decision, so neighbouring numbers can be told apart by ranges.
struct FilterDecisions {
  /// What is left of a filter. Others are named by their index.
  enum Node: Hashable {
    case answer(UInt32)
    case load(UInt32, then: Int)
    case and(UInt32, then: Int)
    case branch(BPFInstruction.Operation, UInt32, ifTrue: Int, ifFalse: Int)
  }
  /// The numbers from `first` on, up to the next range's first, share a decision.
  struct Range: Equatable {
    var first: UInt32
    var node: Int
  }

  private(set) var nodes: [Node] = []
  private var indices: [Node: Int] = [:]
  private let program: [BPFInstruction]
  /// Where the decision about a number can change.
  private let borders: [UInt32]
  /// What is left from a place on when the accumulator holds an argument, for the call that is looked at: tests of one call share
  /// their ends, and would otherwise be followed once for each way there.
  private var left: [Int: Int] = [:]
  /// The architectures the filter asks for.
  private(set) var architectures: Set<UInt32> = []

  /// x32 shares an architecture with x86-64 and sets this bit in its numbers, which filters mask out.
  private static let x32Bit: UInt32 = 0x4000_0000
  /// Places in `struct seccomp_data`.
  static let numberOffset: UInt32 = 0
  static let architectureOffset: UInt32 = 4

  /// Tests of arguments one after the other. A filter has 4096 instructions at most; each that is followed takes stack.
  private static let depth = 512

  /// The filter does something with number or architecture that ranges cannot say.
  struct Unsuitable: Error {}

  init(program bytes: [UInt8]) throws(Unsuitable) {
    guard let program = BPFInstruction.decode(bytes), !program.isEmpty else { throw Unsuitable() }
    self.program = program
    var borders: Set<UInt32> = [0, Self.x32Bit, 2 * Self.x32Bit, 3 * Self.x32Bit]
    for instruction in program where instruction.operation != .load && instruction.operation != .answer {
      for edge in [instruction.value, instruction.value &+ 1] {
        borders.insert(edge)
        borders.insert(edge &+ Self.x32Bit)
      }
    }
    self.borders = borders.sorted()
  }

  /// The decisions about every number of an architecture, in ascending order from number 0.
  mutating func ranges(architecture: UInt32) throws(Unsuitable) -> [Range] {
    var ranges: [Range] = []
    for number in borders {
      left.removeAll(keepingCapacity: true)
      let node = try run(from: 0, holding: .number(0), Call(architecture: architecture, number: number), depth: 0)
      if ranges.last?.node != node { ranges.append(Range(first: number, node: node)) }
    }
    return ranges
  }

  private struct Call {
    var architecture: UInt32
    var number: UInt32
  }
  private enum Accumulator {
    case number(UInt32)
    case architecture(UInt32)
    case argument
  }

  private mutating func rest(from position: Int, _ call: Call, depth: Int) throws(Unsuitable) -> Int {
    if let known = left[position] { return known }
    guard depth < Self.depth else { throw Unsuitable() }
    let node = try run(from: position, holding: .argument, call, depth: depth + 1)
    left[position] = node
    return node
  }

  private mutating func run(
    from start: Int, holding first: Accumulator, _ call: Call, depth: Int
  ) throws(Unsuitable) -> Int {
    var accumulator = first
    var position = start
    while position < program.count {
      let instruction = program[position]
      position += 1
      switch (instruction.operation, accumulator) {
      case (.answer, _): return node(.answer(instruction.value))
      case (.jump, _): position += Int(instruction.value)
      case (.load, _):
        switch instruction.value {
        case Self.numberOffset: accumulator = .number(call.number)
        case Self.architectureOffset: accumulator = .architecture(call.architecture)
        default: return node(.load(instruction.value, then: try rest(from: position, call, depth: depth)))
        }
      case (.and, .number(let value)) where instruction.value == ~Self.x32Bit: accumulator = .number(value & instruction.value)
      case (.and, .argument): return node(.and(instruction.value, then: try rest(from: position, call, depth: depth)))
      case (.ifEqual, .architecture(let value)):
        architectures.insert(instruction.value)
        position += instruction.holds(value) ? instruction.ifTrue : instruction.ifFalse
      case (.ifEqual, .number(let value)), (.ifGreater, .number(let value)), (.ifAtLeast, .number(let value)):
        position += instruction.holds(value) ? instruction.ifTrue : instruction.ifFalse
      case (.ifEqual, .argument), (.ifGreater, .argument), (.ifAtLeast, .argument), (.ifAnyBit, .argument):
        let yes = try rest(from: position + instruction.ifTrue, call, depth: depth)
        let no = try rest(from: position + instruction.ifFalse, call, depth: depth)
        return yes == no ? yes : node(.branch(instruction.operation, instruction.value, ifTrue: yes, ifFalse: no))
      case (.and, _), (.ifGreater, _), (.ifAtLeast, _), (.ifAnyBit, _): throw Unsuitable()
      }
    }
    throw Unsuitable()
  }

  private mutating func node(_ node: Node) -> Int {
    if let known = indices[node] { return known }
    nodes.append(node)
    indices[node] = nodes.count - 1
    return nodes.count - 1
  }
}
