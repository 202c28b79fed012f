/// Classic BPF, as much of it as seccomp filters need. Source: linux/filter.h, linux/bpf_common.h.
struct BPFProgram {
  private(set) var bytes: [UInt8] = []
  var count: Int { bytes.count / 8 }

  private mutating func emit(_ code: UInt16, _ ifTrue: Int, _ ifFalse: Int, _ value: UInt32) {
    bytes += [UInt8(code & 0xFF), UInt8(code >> 8), UInt8(ifTrue), UInt8(ifFalse)]
    for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(value >> shift & 0xFF)) }
  }
  mutating func load(_ offset: UInt32) { emit(0x20, 0, 0, offset) }
  mutating func and(_ mask: UInt32) { emit(0x54, 0, 0, mask) }
  mutating func jump(_ distance: Int) { emit(0x05, 0, 0, UInt32(distance)) }
  mutating func answer(_ action: UInt32) { emit(0x06, 0, 0, action) }
  mutating func skip(ifEqualTo value: UInt32, _ distance: Int) { emit(0x15, distance, 0, value) }
  mutating func skip(unlessEqualTo value: UInt32, _ distance: Int) { emit(0x15, 0, distance, value) }
  mutating func skip(ifAtLeast value: UInt32, _ distance: Int) { emit(0x35, distance, 0, value) }
  mutating func skip(unlessGreaterThan value: UInt32, _ distance: Int) { emit(0x25, 0, distance, value) }
  mutating func append(_ other: BPFProgram) { bytes += other.bytes }
}
