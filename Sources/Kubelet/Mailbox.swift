internal import Synchronization

/// What waits for one reader, in order. The reader takes all of it at once: what came together is decided on together, so a burst of news
/// costs one decision, not one each.
final class Mailbox<Element: Sendable>: Sendable {
  private struct State {
    var waiting: [Element] = []
    var isClosed = false
  }
  private let state = Mutex(State())
  private let bell: AsyncStream<Void>
  private let ring: AsyncStream<Void>.Continuation

  init() { (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

  /// After `close` nothing is taken in any more.
  func send(_ element: Element) {
    let isFirst = state.withLock { state in
      if state.isClosed { return false }
      state.waiting.append(element)
      return state.waiting.count == 1
    }
    if isFirst { ring.yield() }
  }

  /// Everything that waits, as soon as there is something. nil: the box is closed, or the reader's task was cancelled. One reader.
  func take() async -> [Element]? {
    while true {
      let all = state.withLock { state in
        defer { state.waiting = [] }
        return state.waiting
      }
      if !all.isEmpty { return all }
      var rings = bell.makeAsyncIterator()
      guard await rings.next(isolation: #isolation) != nil else { return nil }
    }
  }

  /// What waits is dropped.
  func close() {
    state.withLock { $0 = State(isClosed: true) }
    ring.finish()
  }
}
