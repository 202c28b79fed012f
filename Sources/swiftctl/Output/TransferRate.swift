/// How fast bytes come, over the last seconds, and how long the rest takes.
struct TransferRate {
  private static let window = Duration.seconds(5)
  private var samples: [(at: ContinuousClock.Instant, bytes: UInt64)] = []

  mutating func add(_ bytes: UInt64, at now: ContinuousClock.Instant) {
    samples.append((now, bytes))
    // One sample before the window stays: the rate is over all of it.
    while samples.count > 2, samples[1].at.duration(to: now) > Self.window { samples.removeFirst() }
  }

  /// Bytes a second; nil before there is something to say.
  var perSecond: Double? {
    guard let first = samples.first, let last = samples.last, last.bytes > first.bytes else { return nil }
    let seconds = first.at.duration(to: last.at) / .seconds(1)
    return seconds >= 0.2 ? Double(last.bytes - first.bytes) / seconds : nil
  }

  /// ` 12.3MB/s, 4 s left`; empty when nothing is known.
  func text(total: UInt64) -> String {
    guard let perSecond, let last = samples.last else { return "" }
    let speed = " \(Format.bytes(UInt64(perSecond)))/s"
    guard total > last.bytes else { return speed }
    let left = Double(total - last.bytes) / perSecond
    return speed + ", "
      + (left < 90 ? "\(Int(left.rounded(.up))) s" : left < 5400 ? "\(Int(left / 60)) min" : "\(Int(left / 3600)) h") + " left"
  }
}
