import RuntimeAPI
import Synchronization

/// Passes runtime events to every subscriber. A slow subscriber loses its oldest events; nobody waits for it.
final class EventHub: Sendable {
  private struct State {
    var next = 0
    var subscribers: [Int: AsyncStream<RuntimeEvent>.Continuation] = [:]
  }
  private let state = Mutex(State())
  static let bufferedEvents = 1000

  func subscribe() -> AsyncStream<RuntimeEvent> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: RuntimeEvent.self, bufferingPolicy: .bufferingNewest(Self.bufferedEvents))
    let key = state.withLock { state in
      state.next += 1
      state.subscribers[state.next] = continuation
      return state.next
    }
    continuation.onTermination = { [weak self] _ in self?.state.withLock { _ = $0.subscribers.removeValue(forKey: key) } }
    return stream
  }

  /// Whether anybody would get an event: making one costs a look at the whole sandbox.
  var hasSubscribers: Bool { state.withLock { !$0.subscribers.isEmpty } }

  func publish(_ event: RuntimeEvent) {
    let subscribers = state.withLock { Array($0.subscribers.values) }
    for subscriber in subscribers { subscriber.yield(event) }
  }
}
