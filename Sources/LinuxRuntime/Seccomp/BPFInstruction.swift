/// One classic BPF instruction (`struct sock_filter`), of those seccomp(2) admits. Source: linux/filter.h, linux/bpf_common.h.
struct BPFInstruction: Hashable {
  /// What the instruction does, without its numbers.
  enum Operation: UInt16 {
    case load = 0x20
    case and = 0x54
    case jump = 0x05
    case ifEqual = 0x15
    case ifGreater = 0x25
    case ifAtLeast = 0x35
    case ifAnyBit = 0x45
    case answer = 0x06
  }

  var operation: Operation
  var ifTrue: Int
  var ifFalse: Int
  var value: UInt32

  /// nil when one of the instructions is none of the above.
  static func decode(_ bytes: [UInt8]) -> [BPFInstruction]? {
    var program: [BPFInstruction] = []
    program.reserveCapacity(bytes.count / 8)
    for start in stride(from: 0, to: bytes.count - 7, by: 8) {
      guard let operation = Operation(rawValue: UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8) else { return nil }
      let value = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + 4 + $1]) << UInt32($1 * 8) }
      program.append(
        BPFInstruction(
          operation: operation, ifTrue: Int(bytes[start + 2]), ifFalse: Int(bytes[start + 3]), value: value))
    }
    return program
  }

  /// Appends the 8 bytes of a `sock_filter`, little-endian as every machine Swiftlet runs on.
  func encode(into bytes: inout [UInt8]) {
    let code = operation.rawValue
    bytes += [UInt8(code & 0xFF), UInt8(code >> 8), UInt8(ifTrue), UInt8(ifFalse)]
    for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(value >> shift & 0xFF)) }
  }

  /// Whether a comparison holds. Only for the four comparisons.
  func holds(_ accumulator: UInt32) -> Bool {
    switch operation {
    case .ifEqual: accumulator == value
    case .ifGreater: accumulator > value
    case .ifAtLeast: accumulator >= value
    case .ifAnyBit: accumulator & value != 0
    case .load, .and, .jump, .answer: false
    }
  }
}
