/// FNV-1a, 128 bits (draft-eastlake-fnv): fast and stable, not against an adversary.
public struct FNV128: Sendable {
  private var state: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d

  public init() {}

  public mutating func update(_ bytes: some Sequence<UInt8>) {
    let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013B
    for byte in bytes { state = (state ^ UInt128(byte)) &* prime }
  }

  /// 32 hexadecimal digits.
  public var hex: String {
    let text = String(state, radix: 16)
    return String(repeating: "0", count: 32 - text.utf8.count) + text
  }
}
