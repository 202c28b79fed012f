import Synchronization

/// Lets one task at a time (or as many as it is wide) through for each key, in the order they came. May be held across `await`; a task that
/// waits and is cancelled leaves at once.
final class KeyedGate: Sendable {
  private struct Waiter {
    let number: UInt64
    let continuation: CheckedContinuation<Bool, Never>
  }
  /// Of one key: there as long as somebody is inside.
  private struct Line {
    var inside = 0
    var waiting: [Waiter] = []
  }
  private struct State {
    var next: UInt64 = 0
    var lines: [String: Line] = [:]
    /// Cancelled before they began to wait.
    var cancelled: Set<UInt64> = []

    mutating func enter(_ key: String, width: Int) -> Bool {
      guard lines[key].map({ $0.inside < width }) ?? true else { return false }
      lines[key, default: Line()].inside += 1
      return true
    }
  }
  private let state = Mutex(State())
  private let width: Int

  init(width: Int = 1) { self.width = width }

  func pass<R>(_ key: String, _ body: () async throws(ImageError) -> R) async throws(ImageError) -> R {
    guard await enter(key) else { throw ImageError(.cancelled, "cancelled while waiting for \(key)") }
    defer { leave(key) }
    return try await body()
  }

  /// The same without waiting; nil: it is held.
  func passIfFree<R>(_ key: String, _ body: () async throws(ImageError) -> R) async throws(ImageError) -> R? {
    guard state.withLock({ $0.enter(key, width: width) }) else { return nil }
    defer { leave(key) }
    return try await body()
  }

  /// - Returns: false when the task was cancelled; the key is not held then.
  private func enter(_ key: String) async -> Bool {
    let number = state.withLock { state -> UInt64? in
      if state.enter(key, width: width) { return nil }
      state.next += 1
      return state.next
    }
    guard let number else { return true }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let result = state.withLock { state -> Bool? in
          if state.cancelled.remove(number) != nil { return false }
          // Its holder may have left in between.
          if state.enter(key, width: width) { return true }
          state.lines[key]?.waiting.append(Waiter(number: number, continuation: continuation))
          return nil
        }
        if let result { continuation.resume(returning: result) }
      }
    } onCancel: {
      cancel(number, key)
    }
  }

  private func cancel(_ number: UInt64, _ key: String) {
    let waiter = state.withLock { state -> Waiter? in
      guard let index = state.lines[key]?.waiting.firstIndex(where: { $0.number == number }) else {
        state.cancelled.insert(number)
        return nil
      }
      return state.lines[key]?.waiting.remove(at: index)
    }
    waiter?.continuation.resume(returning: false)
  }

  private func leave(_ key: String) {
    let next = state.withLock { state -> Waiter? in
      // Whoever comes next has the place of who leaves.
      if state.lines[key]?.waiting.isEmpty == false { return state.lines[key]?.waiting.removeFirst() }
      state.lines[key]?.inside -= 1
      if state.lines[key]?.inside == 0 { state.lines[key] = nil }
      return nil
    }
    next?.continuation.resume(returning: true)
  }
}
