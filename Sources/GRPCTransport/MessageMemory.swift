import Synchronization

/// What a server holds of messages of all its connections, in bytes, against a bound: a peer that opens thousands of streams and finishes
/// none, or reads none of its answers, costs no more than that.
final class MessageMemory: Sendable {
  private let held = Atomic<Int>(0)
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// False, and nothing is taken, when it would be too much.
  func take(_ bytes: Int) -> Bool {
    if held.add(bytes, ordering: .relaxed).newValue <= limit { return true }
    give(bytes)
    return false
  }

  func give(_ bytes: Int) { held.subtract(bytes, ordering: .relaxed) }

  var bytes: Int { held.load(ordering: .relaxed) }
}
