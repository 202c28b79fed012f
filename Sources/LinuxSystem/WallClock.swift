import Glibc

/// CLOCK_REALTIME in nanoseconds since the epoch.
public func wallClockNanoseconds() -> Int64 { clockNanoseconds(CLOCK_REALTIME) }

/// CLOCK_BOOTTIME in nanoseconds: never set, runs on while the node is suspended, starts again at every boot.
public func bootClockNanoseconds() -> Int64 { clockNanoseconds(CLOCK_BOOTTIME) }

private func clockNanoseconds(_ clock: clockid_t) -> Int64 {
  var time = timespec()
  _ = unsafe clock_gettime(clock, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
