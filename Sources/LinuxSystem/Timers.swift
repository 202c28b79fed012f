/// Actions that are due later, on one thread that sleeps until the next one.
final class Timers: Sendable {
  typealias Action = @Sendable () -> Void

  fileprivate struct Entry {
    let due: UInt64
    /// Of two due at the same time the older comes first.
    let order: UInt64
    let action: Action
    func isBefore(_ other: Entry) -> Bool { (due, order) < (other.due, other.order) }
  }
  fileprivate struct State {
    var heap: [Entry] = []
    var order: UInt64 = 0
    var isClosed = false
  }
  private enum Step {
    case run([Action])
    /// Another entry is the first one now.
    case look
    case end
  }
  private let state = Monitored(State())

  init() {
    do throws(SystemCallError) {
      try startThread(named: "timers") { [state] in Self.work(state) }
    } catch {
      preconditionFailure("no timer thread: \(error)")
    }
  }

  deinit { state.broadcast { $0.isClosed = true } }

  /// Runs `action` on the timers' thread; it must not block.
  func add(after delay: UInt64, _ action: @escaping Action) {
    let (due, overflow) = monotonicNanoseconds().addingReportingOverflow(delay)
    state.signal { state in
      state.order += 1
      let entry = Entry(due: overflow ? .max : due, order: state.order, action: action)
      state.insert(entry)
      return state.heap[0].order == entry.order
    }
  }

  private static func work(_ state: Monitored<State>) {
    while true {
      let first = state.withLock { $0.heap.first.map { (order: $0.order, due: $0.due) } }
      // A year is as good as never, and what the C library's clocks can count.
      let deadline = first.map { min($0.due, monotonicNanoseconds() + 31_536_000_000_000_000) }
      let step: Step? = state.wait(until: deadline) { state in
        if state.isClosed { return .end }
        let due = state.takeDue(monotonicNanoseconds())
        if !due.isEmpty { return .run(due) }
        return state.heap.first?.order == first?.order ? nil : .look
      }
      switch step {
      case .run(let actions): for action in actions { action() }
      case .look, nil: continue
      case .end: return
      }
    }
  }
}

// A binary heap.
extension Timers.State {
  fileprivate mutating func insert(_ entry: Timers.Entry) {
    heap.append(entry)
    var child = heap.count - 1
    while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  fileprivate mutating func takeDue(_ now: UInt64) -> [Timers.Action] {
    var result: [Timers.Action] = []
    while let first = heap.first, first.due <= now {
      result.append(first.action)
      removeFirst()
    }
    return result
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in 2 * parent + 1..<2 * parent + 3 where child < heap.count && heap[child].isBefore(heap[least]) { least = child }
      if least == parent { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
