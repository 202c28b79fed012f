import RuntimeAPI
import Synchronization

/// Serialises calls, in the order they came, also across `await`: an exclusive pass runs alone, shared ones run side by side. Who waits can
/// be cancelled; who is through runs to its end.
final class Gate: Sendable {
  enum Kind: Sendable { case exclusive, shared }

  private struct Waiter {
    let ticket: Int
    let kind: Kind
    let continuation: CheckedContinuation<Bool, Never>
  }
  private struct State {
    var next = 0
    var exclusive = false
    var shared = 0
    var waiting: [Waiter] = []

    mutating func admit(_ kind: Kind) -> Bool {
      guard !exclusive, kind == .shared || shared == 0 else { return false }
      if kind == .shared { shared += 1 } else { exclusive = true }
      return true
    }
  }
  private let state = Mutex(State())

  /// How many wait for their turn.
  var waiting: Int { state.withLock { $0.waiting.count } }

  /// - Throws: `.cancelled` when the task is cancelled before its turn, else what `body` throws.
  func pass<R>(_ kind: Kind = .exclusive, _ body: () async throws(RuntimeError) -> R) async throws(RuntimeError) -> R {
    guard await enter(kind) else { throw RuntimeError(.cancelled, "the caller gave up before its turn came") }
    defer { leave(kind) }
    return try await body()
  }

  private func enter(_ kind: Kind) async -> Bool {
    let ticket = state.withLock { state -> Int? in
      // Behind those who wait already, or an exclusive pass would starve.
      if state.waiting.isEmpty, state.admit(kind) { return nil }
      state.next += 1
      return state.next
    }
    guard let ticket else { return true }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer = state.withLock { state -> Bool? in
          if Task.isCancelled { return false }
          if state.waiting.isEmpty, state.admit(kind) { return true }
          state.waiting.append(Waiter(ticket: ticket, kind: kind, continuation: continuation))
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      let (waiter, admitted) = state.withLock { state in
        let index = state.waiting.firstIndex { $0.ticket == ticket }
        return (index.map { state.waiting.remove(at: $0) }, Self.next(&state))
      }
      waiter?.continuation.resume(returning: false)
      for waiter in admitted { waiter.continuation.resume(returning: true) }
    }
  }

  private func leave(_ kind: Kind) {
    let admitted = state.withLock { state in
      if kind == .shared { state.shared -= 1 } else { state.exclusive = false }
      return Self.next(&state)
    }
    for waiter in admitted { waiter.continuation.resume(returning: true) }
  }

  /// Those whose turn it is now.
  private static func next(_ state: inout State) -> [Waiter] {
    var admitted: [Waiter] = []
    while let first = state.waiting.first, state.admit(first.kind) { admitted.append(state.waiting.removeFirst()) }
    return admitted
  }
}
