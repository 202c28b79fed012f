/// Classic BPF, as much of it as seccomp filters need. Source: linux/filter.h, linux/bpf_common.h.
struct BPFProgram {
  private(set) var bytes: [UInt8] = []
  var count: Int { bytes.count / 8 }

  private mutating func emit(_ operation: BPFInstruction.Operation, _ ifTrue: Int, _ ifFalse: Int, _ value: UInt32) {
    BPFInstruction(operation: operation, ifTrue: ifTrue, ifFalse: ifFalse, value: value).encode(into: &bytes)
  }
  mutating func load(_ offset: UInt32) { emit(.load, 0, 0, offset) }
  mutating func and(_ mask: UInt32) { emit(.and, 0, 0, mask) }
  mutating func jump(_ distance: Int) { emit(.jump, 0, 0, UInt32(distance)) }
  mutating func answer(_ action: UInt32) { emit(.answer, 0, 0, action) }
  mutating func skip(ifEqualTo value: UInt32, _ distance: Int) { emit(.ifEqual, distance, 0, value) }
  mutating func skip(unlessEqualTo value: UInt32, _ distance: Int) { emit(.ifEqual, 0, distance, value) }
  mutating func skip(ifAtLeast value: UInt32, _ distance: Int) { emit(.ifAtLeast, distance, 0, value) }
  mutating func skip(unlessGreaterThan value: UInt32, _ distance: Int) { emit(.ifGreater, 0, distance, value) }
  mutating func append(_ other: BPFProgram) { bytes += other.bytes }
}
