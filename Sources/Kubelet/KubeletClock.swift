internal import KubeModel
internal import LinuxSystem

/// Time as the kubelet sees it; tests give their own.
public struct KubeletClock: Sendable {
  /// Measures: nanoseconds that only grow, whatever happens to the node's date. The scale is that of CLOCK_REALTIME when the node booted,
  /// so that moments kept from an earlier boot stay comparable.
  public var now: @Sendable () -> Int64
  /// Shows: CLOCK_REALTIME in nanoseconds, which may jump. Never subtract two of these.
  public var wall: @Sendable () -> Int64
  /// Sleeps until a moment of `now`; throws `CancellationError` when the task is cancelled.
  public var sleepUntil: @Sendable (Int64) async throws -> Void

  /// - Parameter wall: nil: the same as `now`.
  public init(
    now: @escaping @Sendable () -> Int64, wall: (@Sendable () -> Int64)? = nil,
    sleepUntil: @escaping @Sendable (Int64) async throws -> Void
  ) {
    self.now = now
    self.wall = wall ?? now
    self.sleepUntil = sleepUntil
  }

  /// CLOCK_BOOTTIME, moved by a constant onto the scale of dates.
  public static func steady(offset: Int64) -> KubeletClock {
    let now: @Sendable () -> Int64 = { bootClockNanoseconds().adding(offset) }
    return KubeletClock(
      now: now, wall: { wallClockNanoseconds() },
      sleepUntil: { moment in
        // A timer may fire early by a little, and late by the time the node was suspended.
        while true {
          try Task.checkCancellation()
          let wait = moment.subtracting(now())
          if wait <= 0 { return }
          try await Alarm.sleep(for: .nanoseconds(min(wait, .seconds(86_400))))
        }
      })
  }

  public static let system = steady(offset: wallClockNanoseconds() - bootClockNanoseconds())

  var reading: ClockReading { ClockReading(now: now(), wall: wall()) }

  func sleep(_ duration: Duration) async throws { try await sleepUntil(now().adding(duration.wholeNanoseconds)) }
}

/// Both clocks, read together.
struct ClockReading: Equatable, Sendable {
  var now: Int64
  var wall: Int64

  /// A moment of the runtime (a date) on the scale that measures: never in the future, however the date jumped since.
  func moment(ofDate date: Int64) -> Int64 { now.subtracting(max(0, wall.subtracting(date))) }

  /// Both scales are one: moments and dates are the same numbers.
  static let same = ClockReading(now: .max, wall: .max)
}

extension Time {
  /// From CLOCK_REALTIME nanoseconds.
  init(sinceEpoch nanoseconds: Int64) {
    self.init(seconds: Int(nanoseconds / 1_000_000_000), nanoseconds: Int(nanoseconds % 1_000_000_000))
  }
}

extension Duration {
  /// Clipped at 292 years.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return Int64.seconds(seconds).adding(attoseconds / 1_000_000_000)
  }
}

/// Nanoseconds that a manifest may have chosen: sums end at the edge instead of trapping.
extension Int64 {
  /// Whole seconds as nanoseconds.
  static func seconds(_ count: Int) -> Int64 { seconds(Int64(count)) }
  static func seconds(_ count: Int64) -> Int64 {
    let (product, isTooBig) = count.multipliedReportingOverflow(by: 1_000_000_000)
    return isTooBig ? (count < 0 ? .min : .max) : product
  }

  func adding(_ other: Int64) -> Int64 {
    let (sum, isTooBig) = addingReportingOverflow(other)
    return isTooBig ? (other < 0 ? .min : .max) : sum
  }

  func subtracting(_ other: Int64) -> Int64 {
    let (difference, isTooBig) = subtractingReportingOverflow(other)
    return isTooBig ? (other < 0 ? .max : .min) : difference
  }
}
