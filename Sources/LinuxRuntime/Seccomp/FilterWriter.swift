/// Writes a filter from its end to its beginning, as every jump of BPF goes forward: what is jumped to is there already.
struct FilterWriter {
  /// The last instruction first.
  private var written: [BPFInstruction] = []
  private var places: [Int: Int] = [:]
  private let nodes: [FilterDecisions.Node]
  /// How far a comparison can jump.
  private static let reach = 255

  private init(nodes: [FilterDecisions.Node]) { self.nodes = nodes }

  private var count: Int { written.count }

  /// The instructions in their order.
  private var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(written.count * 8)
    for instruction in written.reversed() { instruction.encode(into: &bytes) }
    return bytes
  }

  /// What `bytes` says, in fewer instructions and with fewer to run for each call; `bytes` itself when it cannot be said so.
  ///
  /// The kernel converts and checks each instruction of a filter when it is loaded, for every container and every exec, and runs the
  /// filter once for each number of a system call, to learn which are always allowed.
  /// - Parameter architectures: AUDIT_ARCH values, the most frequent first.
  static func shortened(_ bytes: [UInt8], architectures: [UInt32]) -> [UInt8] {
    guard var decisions = try? FilterDecisions(program: bytes) else { return bytes }
    // No architecture has the number 0: what the filter says of it, it says of all it does not ask for.
    guard let others = try? decisions.ranges(architecture: 0) else { return bytes }
    var ranges: [[FilterDecisions.Range]] = []
    for architecture in architectures {
      guard let known = try? decisions.ranges(architecture: architecture) else { return bytes }
      ranges.append(known)
    }
    guard decisions.architectures.isSubset(of: architectures) else { return bytes }
    var writer = FilterWriter(nodes: decisions.nodes)
    var next = writer.numbers(others)
    let places = ranges.reversed().map { writer.numbers($0) }
    for (architecture, place) in zip(architectures.reversed(), places) {
      next = writer.compare(.ifEqual, architecture, ifTrue: place, ifFalse: next)
    }
    _ = writer.load(FilterDecisions.architectureOffset, then: next)
    return writer.count * 8 < bytes.count ? writer.bytes : bytes
  }

  private mutating func numbers(_ ranges: [FilterDecisions.Range]) -> Int {
    let place = search(ranges[...])
    return ranges.count > 1 ? load(FilterDecisions.numberOffset, then: place) : place
  }

  /// A search among ranges of numbers, in a balanced tree. Returns its place.
  private mutating func search(_ ranges: ArraySlice<FilterDecisions.Range>) -> Int {
    guard ranges.count > 1 else { return place(of: ranges[ranges.startIndex].node) }
    let middle = ranges.startIndex + ranges.count / 2
    let below = search(ranges[..<middle])
    let above = search(ranges[middle...])
    return compare(.ifAtLeast, ranges[middle].first, ifTrue: above, ifFalse: below)
  }

  private mutating func load(_ offset: UInt32, then next: Int) -> Int {
    follow(next)
    return append(BPFInstruction(operation: .load, ifTrue: 0, ifFalse: 0, value: offset))
  }

  private mutating func compare(_ operation: BPFInstruction.Operation, _ value: UInt32, ifTrue: Int, ifFalse: Int) -> Int {
    // A bridge in front of the comparison moves it away from the other target by one.
    let (yes, no) = (near(ifTrue, spare: 1), near(ifFalse, spare: 0))
    return append(
      BPFInstruction(operation: operation, ifTrue: count - 1 - yes, ifFalse: count - 1 - no, value: value))
  }

  /// The place of a decision, which is written when it is not there yet or when an answer is too far away to be shared.
  private mutating func place(of node: Int) -> Int {
    if let known = places[node] {
      guard case .answer = nodes[node], count - known > Self.reach - 2 else { return known }
    }
    let place: Int
    switch nodes[node] {
    case .answer(let action): place = append(BPFInstruction(operation: .answer, ifTrue: 0, ifFalse: 0, value: action))
    case .load(let offset, let then): place = load(offset, then: self.place(of: then))
    case .and(let mask, let then):
      follow(self.place(of: then))
      place = append(BPFInstruction(operation: .and, ifTrue: 0, ifFalse: 0, value: mask))
    case .branch(let operation, let value, let ifTrue, let ifFalse):
      let (yes, no) = (self.place(of: ifTrue), self.place(of: ifFalse))
      place = compare(operation, value, ifTrue: yes, ifFalse: no)
    }
    places[node] = place
    return place
  }

  /// What is written next runs into `place`.
  private mutating func follow(_ place: Int) {
    if place != count - 1 {
      _ = append(BPFInstruction(operation: .jump, ifTrue: 0, ifFalse: 0, value: UInt32(count - 1 - place)))
    }
  }

  /// `place`, or a jump to it when a comparison that is written after `spare` more instructions would not reach it.
  private mutating func near(_ place: Int, spare: Int) -> Int {
    guard count - 1 - place + spare > Self.reach else { return place }
    return append(BPFInstruction(operation: .jump, ifTrue: 0, ifFalse: 0, value: UInt32(count - 1 - place)))
  }

  private mutating func append(_ instruction: BPFInstruction) -> Int {
    written.append(instruction)
    return written.count - 1
  }
}
