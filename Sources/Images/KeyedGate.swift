import Synchronization

/// Lets one task at a time through for each key, in the order they came. May be held across `await`; a task that waits and is cancelled
/// leaves at once.
final class KeyedGate: Sendable {
  private struct Waiter {
    let number: UInt64
    let continuation: CheckedContinuation<Bool, Never>
  }
  private struct State {
    var next: UInt64 = 0
    /// A key that is there is taken.
    var waiting: [String: [Waiter]] = [:]
    /// Cancelled before they began to wait.
    var cancelled: Set<UInt64> = []
  }
  private let state = Mutex(State())

  func pass<R>(_ key: String, _ body: () async throws(ImageError) -> R) async throws(ImageError) -> R {
    guard await enter(key) else { throw ImageError(.cancelled, "cancelled while waiting for \(key)") }
    defer { leave(key) }
    return try await body()
  }

  /// - Returns: false when the task was cancelled; the key is not held then.
  private func enter(_ key: String) async -> Bool {
    let number = state.withLock { state -> UInt64? in
      guard state.waiting[key] != nil else {
        state.waiting[key] = []
        return nil
      }
      state.next += 1
      return state.next
    }
    guard let number else { return true }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let result = state.withLock { state -> Bool? in
          if state.cancelled.remove(number) != nil { return false }
          // Its holder may have left in between.
          guard state.waiting[key] != nil else {
            state.waiting[key] = []
            return true
          }
          state.waiting[key]?.append(Waiter(number: number, continuation: continuation))
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
      guard let index = state.waiting[key]?.firstIndex(where: { $0.number == number }) else {
        state.cancelled.insert(number)
        return nil
      }
      return state.waiting[key]?.remove(at: index)
    }
    waiter?.continuation.resume(returning: false)
  }

  private func leave(_ key: String) {
    let next = state.withLock { state -> Waiter? in
      guard state.waiting[key]?.isEmpty == false else {
        state.waiting[key] = nil
        return nil
      }
      return state.waiting[key]?.removeFirst()
    }
    next?.continuation.resume(returning: true)
  }
}
