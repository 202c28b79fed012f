/// Why and how a pod ends. While it ends, grace can only shrink and removal can only be added.
struct Termination: Codable, Equatable, Sendable {
  /// A moment of `KubeletClock.now`, nanoseconds.
  var startedAt: Int64
  /// Seconds for everything: preStop hooks, app containers, then sidecars.
  var grace: Int64
  /// Containers, sandbox and directories go as well; otherwise they stay for status and logs (a pod that finished).
  var removes: Bool
  /// Phase `Failed` with these, e.g. DeadlineExceeded; nil: the containers decide.
  var reason: String?
  var message: String?

  var deadline: Int64 { startedAt.adding(.seconds(max(0, grace))) }

  mutating func merge(_ other: Termination) {
    if other.deadline < deadline {
      startedAt = other.startedAt
      grace = other.grace
    }
    removes = removes || other.removes
    if reason == nil, !removes {
      reason = other.reason
      message = other.message
    }
  }
}
