import LinuxSystem
import Synchronization

/// Something that happens once; any number of tasks may wait for it.
final class Latch: Sendable {
  private struct State {
    var open = false
    var next = 0
    var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
  }
  private let state = Mutex(State())

  init(open: Bool = false) { if open { self.open() } }

  var isOpen: Bool { state.withLock { $0.open } }

  /// Opens the latch; no effect on a second call.
  func open() {
    let waiting = state.withLock { state in
      state.open = true
      defer { state.waiting = [:] }
      return state.waiting.values.map { $0 }
    }
    for continuation in waiting { continuation.resume(returning: true) }
  }

  /// Waits until the latch opens or the task is cancelled; true when it is open.
  @discardableResult
  func wait() async -> Bool {
    if isOpen { return true }
    let key = state.withLock { state in
      state.next += 1
      return state.next
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          if state.open { return true }
          if Task.isCancelled { return false }
          state.waiting[key] = continuation
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: key) }?.resume(returning: false)
    }
  }

  /// Waits at most `timeout`; true when the latch is open.
  func wait(atMost timeout: Duration) async -> Bool {
    if isOpen { return true }
    return await withTaskGroup(of: Bool.self) { group in
      group.addTask { await self.wait() }
      group.addTask {
        try? await Alarm.sleep(for: timeout)
        return self.isOpen
      }
      let first = await group.next() ?? false
      group.cancelAll()
      return first
    }
  }
}
