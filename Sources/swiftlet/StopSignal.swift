import Glibc
import LinuxSystem

/// SIGTERM and SIGINT as a value instead of an end.
struct StopSignal: Sendable {
  private let arrivals: AsyncStream<CInt>

  init() throws(SystemCallError) { arrivals = try SignalStream.open([SIGTERM, SIGINT]) }

  /// The name of the signal that came, or `cancellation`.
  func wait() async -> String {
    for await number in arrivals { return number == SIGTERM ? "SIGTERM" : "SIGINT" }
    return "cancellation"
  }
}
