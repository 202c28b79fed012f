/// Actions that are due later, on one thread that sleeps until the next one.
final class Timers: Sendable {
  typealias Action = @Sendable () -> Void
  /// Names an action that waits for its time.
  typealias Ticket = UInt64

  private enum Step {
    case run([Action])
    /// Another entry is the first one now.
    case look
    case end
  }
  private struct State {
    var heap = TimerHeap()
    var next: Ticket = 0
    /// When the thread looks again by itself.
    var alarm = UInt64.max
    var isClosed = false
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

  /// How many wait, and will for as long as `delays` says, nanoseconds.
  func count(dueAfter delays: Range<UInt64>) -> Int {
    let now = monotonicNanoseconds()
    return state.withLock { $0.heap.count(due: now + delays.lowerBound..<now + delays.upperBound) }
  }

  /// Runs `action` on the timers' thread; it must not block.
  @discardableResult
  func add(after delay: UInt64, _ action: @escaping Action) -> Ticket {
    let (due, overflow) = monotonicNanoseconds().addingReportingOverflow(delay)
    var ticket: Ticket = 0
    state.signal { state in
      state.next += 1
      ticket = state.next
      state.heap.insert(TimerHeap.Entry(due: overflow ? .max : due, ticket: ticket, action: action))
      return (overflow ? .max : due) < state.alarm
    }
    return ticket
  }

  /// Forgets an action whose time has not come. The thread is not woken for it: should it have slept for this one, it looks once more at
  /// that time, however many were forgotten meanwhile.
  func remove(_ ticket: Ticket) { state.withLock { $0.heap.remove(ticket) } }

  private static func work(_ state: Monitored<State>) {
    while true {
      let alarm = state.withLock { state in
        state.alarm = state.heap.first?.due ?? .max
        return state.alarm
      }
      // A year is as good as never, and what the C library's clocks can count.
      let deadline = alarm == .max ? nil : min(alarm, monotonicNanoseconds() + 31_536_000_000_000_000)
      let step: Step? = state.wait(until: deadline) { state in
        if state.isClosed { return .end }
        let due = state.heap.takeDue(monotonicNanoseconds())
        if !due.isEmpty { return .run(due) }
        return (state.heap.first?.due ?? .max) < state.alarm ? .look : nil
      }
      switch step {
      case .run(let actions): for action in actions { action() }
      case .look, nil: continue
      case .end: return
      }
    }
  }
}

/// Entries by the time they are due: a binary heap that knows where each one is.
struct TimerHeap {
  struct Entry {
    let due: UInt64
    /// Grows: of two due at the same time the older comes first.
    let ticket: Timers.Ticket
    let action: Timers.Action
    func isBefore(_ other: Entry) -> Bool { (due, ticket) < (other.due, other.ticket) }
  }
  private var entries: [Entry] = []
  private var places: [Timers.Ticket: Int] = [:]

  var count: Int { entries.count }
  func count(due moments: Range<UInt64>) -> Int { entries.count { moments.contains($0.due) } }
  var first: Entry? { entries.first }

  mutating func insert(_ entry: Entry) {
    entries.append(entry)
    places[entry.ticket] = entries.count - 1
    raise(entries.count - 1)
  }

  mutating func takeDue(_ now: UInt64) -> [Timers.Action] {
    var result: [Timers.Action] = []
    while let first = entries.first, first.due <= now {
      result.append(first.action)
      remove(first.ticket)
    }
    return result
  }

  mutating func remove(_ ticket: Timers.Ticket) {
    guard let place = places.removeValue(forKey: ticket) else { return }
    let last = entries.removeLast()
    guard place < entries.count else { return }
    entries[place] = last
    places[last.ticket] = place
    raise(place)
    lower(place)
  }

  private mutating func swap(_ first: Int, _ second: Int) {
    entries.swapAt(first, second)
    places[entries[first].ticket] = first
    places[entries[second].ticket] = second
  }

  private mutating func raise(_ place: Int) {
    var child = place
    while child > 0, entries[child].isBefore(entries[(child - 1) / 2]) {
      swap(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func lower(_ place: Int) {
    var parent = place
    while true {
      var least = parent
      for child in 2 * parent + 1..<2 * parent + 3 where child < entries.count && entries[child].isBefore(entries[least]) {
        least = child
      }
      if least == parent { return }
      swap(parent, least)
      parent = least
    }
  }
}
