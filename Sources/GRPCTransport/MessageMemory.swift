import Synchronization

/// What a server holds of messages of all its connections, in bytes, against a bound: a peer that opens thousands of streams and finishes
/// none, or reads none of its answers, costs no more than that.
final class MessageMemory: Sendable {
  private let held = Atomic<Int>(0)
  private let limit: Int
  private let whole: MessageMemory?

  /// - Parameter whole: what this is a part of; what is taken here is taken there.
  init(limit: Int, of whole: MessageMemory? = nil) {
    self.limit = limit
    self.whole = whole
  }

  /// False, and nothing is taken, when it would be too much.
  func take(_ bytes: Int) -> Bool {
    guard whole?.take(bytes) ?? true else { return false }
    if held.add(bytes, ordering: .relaxed).newValue <= limit { return true }
    give(bytes)
    return false
  }

  func give(_ bytes: Int) {
    held.subtract(bytes, ordering: .relaxed)
    whole?.give(bytes)
  }

  var bytes: Int { held.load(ordering: .relaxed) }
}
