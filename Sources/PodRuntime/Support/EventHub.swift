import RuntimeAPI
import Synchronization

/// Passes runtime events to every subscriber, numbered and in one order. Nobody waits for a slow subscriber: one that is too far behind
/// loses its stream, which tells it to look at everything anew.
final class EventHub: Sendable {
  /// Makes an event when it is delivered: the states in it are then at least as new as the event.
  typealias Source = @Sendable (_ sequence: UInt64) -> RuntimeEvent?

  private struct State {
    var sequence: UInt64 = 0
    var nextKey = 0
    var subscribers: [Int: AsyncStream<RuntimeEvent>.Continuation] = [:]
    var pending: [Source] = []
    var delivering = false
  }
  private let state = Mutex(State())
  private let capacity: Int

  /// - Parameter capacity: events that may wait for one subscriber.
  init(capacity: Int = 1000) { self.capacity = capacity }

  func subscribe() -> AsyncStream<RuntimeEvent> {
    let (stream, continuation) = AsyncStream.makeStream(of: RuntimeEvent.self, bufferingPolicy: .bufferingOldest(capacity))
    let key = state.withLock { state in
      state.nextKey += 1
      state.subscribers[state.nextKey] = continuation
      return state.nextKey
    }
    continuation.onTermination = { [weak self] _ in self?.state.withLock { _ = $0.subscribers.removeValue(forKey: key) } }
    return stream
  }

  /// Puts an event in its place in the order. Safe under the lock of what it is about: nothing is called before `deliver`.
  func enqueue(_ source: @escaping Source) {
    state.withLock { state in if !state.subscribers.isEmpty { state.pending.append(source) } }
  }

  /// Delivers what was enqueued; call it without locks. A thread that is delivering already takes these along.
  func deliver() {
    guard
      state.withLock({ state in
        if state.delivering || state.pending.isEmpty { return false }
        state.delivering = true
        return true
      })
    else { return }
    while let (source, sequence) = next() {
      guard let event = source(sequence) else { continue }
      for (key, subscriber) in state.withLock({ $0.subscribers }) {
        guard case .dropped = subscriber.yield(event) else { continue }
        state.withLock { _ = $0.subscribers.removeValue(forKey: key) }
        subscriber.finish()
      }
    }
  }

  private func next() -> (Source, UInt64)? {
    state.withLock { state in
      if state.pending.isEmpty {
        state.delivering = false
        return nil
      }
      state.sequence += 1
      return (state.pending.removeFirst(), state.sequence)
    }
  }
}
