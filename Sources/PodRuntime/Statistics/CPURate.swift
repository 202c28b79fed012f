/// CPU use per second, from what was used at two looks. Nobody looks by himself: a rate is known from the second question on.
struct CPURate: Sendable {
  private var last: (time: UInt64, used: UInt64)?
  private var rate: UInt64?

  /// Shorter, and the rate would be that of a moment.
  private static let shortest: UInt64 = 1_000_000_000
  /// Longer ago, and it would be history.
  private static let longest: UInt64 = 120_000_000_000

  /// - Parameters:
  ///   - used: nanoseconds of CPU so far.
  ///   - time: CLOCK_MONOTONIC nanoseconds.
  /// - Returns: nanoseconds per second, which the CRI calls nano cores; nil while it is not known.
  mutating func note(_ used: UInt64, at time: UInt64) -> UInt64? {
    guard let (lastTime, lastUsed) = last else {
      last = (time, used)
      return nil
    }
    let elapsed = time > lastTime ? time - lastTime : 0
    if elapsed < Self.shortest { return rate }
    last = (time, used)
    rate = elapsed <= Self.longest && used >= lastUsed ? UInt64(Double(used - lastUsed) / Double(elapsed) * 1e9) : nil
    return rate
  }
}
